'use strict';

// Turns what a function writes into lines of the host's protocol: one JSON object per line on the
// real standard output, {"event":"log","level":"INFO|WARN|ERROR","message":"…"}.

const { writeSync } = require('node:fs');
const { Writable } = require('node:stream');
const { format } = require('node:util');

const LEVELS = {
  debug: 'INFO',
  info: 'INFO',
  log: 'INFO',
  dir: 'INFO',
  trace: 'INFO',
  warn: 'WARN',
  error: 'ERROR',
};

// Longer lines are cut; the emulator keeps them all in memory.
const LONGEST = 65536;

function emit(event) {
  writeSync(1, `${JSON.stringify(event)}\n`);
}

function log(level, message) {
  emit({ event: 'log', level, message: message.slice(0, LONGEST) });
}

// A stream of our own: touching Node's would make the descriptor non-blocking, and a full pipe
// would then lose lines.
function capturedStream(level) {
  return new Writable({
    decodeStrings: false,
    write(chunk, _encoding, done) {
      const text = typeof chunk === 'string' ? chunk : chunk.toString('utf8');
      log(level, text.replace(/\n$/, ''));
      done();
    },
  });
}

function captureConsole() {
  for (const [method, level] of Object.entries(LEVELS)) {
    console[method] = (...values) => log(level, format(...values));
  }
  Object.defineProperty(process, 'stdout', { value: capturedStream('INFO') });
  Object.defineProperty(process, 'stderr', { value: capturedStream('ERROR') });
}

module.exports = { captureConsole, emit };
