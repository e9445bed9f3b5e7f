'use strict';

// Sends every connection a function opens to Twilio to the emulator instead, in plain TCP, and
// refuses every other host. Loaded with `node --require`, before any code of the function.
//
// All of Node's clients (https, global fetch, axios, the twilio package) end in tls.connect or
// net.Socket.connect, so these two are the only doors. Host header, path and body stay as they are.

const { syncBuiltinESMExports } = require('node:module');
const net = require('node:net');
const tls = require('node:tls');
const { getEnvironmentData, setEnvironmentData } = require('node:worker_threads');

const TWILIO_HOST = /(^|\.)(twilio\.com|twil\.io)$/i;
const KEY = 'TWILIO_EMULATOR_ADDRESS';

// The function must not see the address, its worker threads still need it.
const address = process.env[KEY] ?? getEnvironmentData(KEY) ?? '';
delete process.env[KEY];
setEnvironmentData(KEY, address);
const [emulatorHost, emulatorPort] = address.split(/:(?=\d+$)/);

const connectSocket = net.Socket.prototype.connect;

function target(args) {
  const first = Array.isArray(args[0]) ? args[0][0] : args[0];
  if (first !== null && typeof first === 'object') return first;
  return Number.isInteger(Number(first))
    ? { port: first, host: typeof args[1] === 'string' ? args[1] : 'localhost' }
    : { path: first };
}

function callbackOf(args) {
  const flat = Array.isArray(args[0]) ? args[0] : args;
  return flat.findLast((argument) => typeof argument === 'function');
}

function refusal({ host, path }) {
  const name = host || path || 'localhost';
  const error = new Error(
    `Connection to ${name} refused: functions in the emulator reach only *.twilio.com and *.twil.io`,
  );
  return Object.assign(error, { code: 'EMULATOR_HOST_REFUSED', host: name });
}

net.Socket.prototype.connect = function connect(...args) {
  const wanted = target(args);
  if (!emulatorPort || !TWILIO_HOST.test(wanted.host ?? '')) {
    process.nextTick(() => this.destroy(refusal(wanted)));
    return this;
  }
  const redirected = { host: emulatorHost, port: Number(emulatorPort), noDelay: true };
  return connectSocket.call(this, redirected, callbackOf(args));
};

tls.connect = function connect(...args) {
  const wanted = target(args);
  const socket = new net.Socket();
  // Callers ask a TLS socket these; the emulator stands for a peer whose certificate was good.
  Object.assign(socket, { encrypted: true, authorized: true, alpnProtocol: false });
  const onSecure = callbackOf(args);
  if (onSecure) socket.once('secureConnect', onSecure);
  socket.once('connect', () => socket.emit('secureConnect'));
  return socket.connect({ host: wanted.host || wanted.servername, port: wanted.port });
};

syncBuiltinESMExports();
