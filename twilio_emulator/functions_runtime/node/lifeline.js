'use strict';

// Ends the whole process group when the emulator is gone: its end of our standard input closes.
// Runs on a thread of its own, because a function that spins never lets the main thread notice.

const { rmSync } = require('node:fs');
const { Socket } = require('node:net');
const path = require('node:path');
const { workerData } = require('node:worker_threads');

const lifeline = new Socket({ fd: 0, readable: true, writable: false });
lifeline.on('close', () => {
  rmSync(path.dirname(workerData.socket), { recursive: true, force: true });
  process.kill(-process.pid, 'SIGKILL');
});
lifeline.on('error', () => lifeline.destroy());
lifeline.resume();
