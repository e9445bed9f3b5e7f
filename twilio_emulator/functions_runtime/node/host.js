'use strict';

// Hosts one build of a Functions service. The emulator sends one line of JSON on standard input:
//   {socket, baseDir, domain, env, routes: {functions: [row], assets: [row]}}
//   row: {name, path, access: "public|protected|private", filePath}
// and this process then answers plain HTTP on the Unix socket with Twilio's own runtime handler,
// one request at a time (the emulator's pool sees to that). Standard input stays open as long as
// the emulator lives; standard output carries events: {"event": "ready"}, {"event": "log", …} and {"event": "done"}.

const { readSync } = require('node:fs');
const http = require('node:http');
const path = require('node:path');
const { Worker } = require('node:worker_threads');
const { captureConsole, emit } = require('./console');

function readConfiguration() {
  const byte = Buffer.alloc(1);
  const bytes = [];
  while (readSync(0, byte) > 0 && byte[0] !== 0x0a) bytes.push(byte[0]);
  return JSON.parse(Buffer.from(bytes).toString('utf8'));
}

const configuration = readConfiguration();
const { socket } = configuration;
new Worker(path.join(__dirname, 'lifeline.js'), {
  env: {},
  execArgv: [],
  workerData: { socket },
}).unref();
captureConsole();
Object.assign(process.env, configuration.env);

const { LocalDevelopmentServer } = require('@twilio/runtime-handler/dev');
const server = new LocalDevelopmentServer(0, {
  baseDir: configuration.baseDir,
  env: configuration.env,
  url: `https://${configuration.domain}`,
  routes: configuration.routes,
  live: false,
  logs: false,
  forkProcess: false,
  logger: console,
});
const app = server.getApp();
app.disable('x-powered-by');
app.disable('etag');

// Twilio keeps Host from functions, its local runtime does not; the server itself needs it.
function withoutHost(rawHeaders) {
  return rawHeaders.filter((_, index) => rawHeaders[index - (index % 2)].toLowerCase() !== 'host');
}

// 'done' follows every line the invocation wrote before its response ended.
const listener = http.createServer((request, response) => {
  response.on('close', () => emit({ event: 'done' }));
  request.rawHeaders = withoutHost(request.rawHeaders);
  app(request, response);
});
listener.keepAliveTimeout = 0;
listener.requestTimeout = 0;
listener.listen(socket, () => emit({ event: 'ready' }));
