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

const pause = new Int32Array(new SharedArrayBuffer(4));

// The emulator may have made the descriptor non-blocking: a full pipe is waited for.
function writeAll(bytes) {
  let left = bytes;
  while (left.length > 0) {
    try {
      left = left.subarray(writeSync(1, left));
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error;
      Atomics.wait(pause, 0, 0, 2);
    }
  }
}

function emit(event) {
  writeAll(Buffer.from(`${JSON.stringify(event)}\n`));
}

function log(level, message) {
  emit({ event: 'log', level, message: message.slice(0, LONGEST) });
}

// A stream of our own: Node's would write past the protocol.
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
