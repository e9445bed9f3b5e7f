/**
 * Starts the next hop of a lane and sees that it took over.
 *
 * The call is not waited for, its answer comes only when the next hop is done: the proof is the
 * lane's document. The host is the function's own domain variable, never the request's header.
 */

'use strict';

const https = require('node:https');

const load = (name) => require(Runtime.getFunctions()[`lib/${name}`].path);
const { LATEST, isTerminal, laneName, recordName } = load('batch-documents');
const { hasEnded, isDead } = load('lane');
const log = load('log');
const { describeError, sleep } = load('retry');
const { signMessage } = load('signing');

const POLL_MS = 150;
const REPEAT_MS = 1500;
const RESUME_MS = 3000;

function post(settings, message, onProblem) {
  const body = JSON.stringify(signMessage(settings.secret, message, Date.now()));
  const headers = { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) };
  const url = `https://${settings.domain}/batch/process`;
  const request = https.request(url, { method: 'POST', headers }, (response) => {
    response.resume();
    if (response.statusCode >= 300) onProblem(`it answered ${response.statusCode}`);
  });
  request.on('error', (error) => onProblem(describeError(error)));
  request.end(body);
}

/**
 * Post the next generation of a lane until its document shows that it was taken.
 *
 * @param {import('./invocation.private.js').Invocation} invocation
 * @param {{batch: string, lane: number, generation: number}} message
 * @param {number} [deadline] epoch milliseconds
 * @returns {Promise<boolean>} false when nobody had taken over by the deadline
 * @throws {Error} when the lane's document cannot be read
 */
async function handOver(invocation, message, deadline = invocation.end) {
  const name = laneName(message.batch, message.lane);
  let watching = true;
  const onProblem = (problem) => {
    if (watching) log.warn('lane.next-hop-refused', { ...message, problem });
  };
  let nextPost = 0;
  while (Date.now() < deadline) {
    if (Date.now() >= nextPost) {
      post(invocation.settings, message, onProblem);
      nextPost = Date.now() + REPEAT_MS;
    }
    await sleep(POLL_MS);
    const lane = await invocation.documents.read(name);
    if ((lane?.data.generation ?? 0) >= message.generation) {
      watching = false;
      return true;
    }
  }
  watching = false;
  log.error('lane.not-taken-over', message);
  return false;
}

/**
 * Find the newest batch if it is still to be done.
 *
 * @param {import('./sync-documents.private.js').SyncDocuments} documents
 * @returns {Promise<{batch: string, record: object} | null>}
 */
async function findRunningBatch(documents) {
  const latest = await documents.read(LATEST);
  if (latest === null) return null;
  const { batch } = latest.data;
  const record = await documents.read(recordName(batch));
  if (record === null || isTerminal(record.data)) return null;
  return { batch, record: record.data };
}

async function readLanes(documents, batch, count) {
  const numbers = Array.from({ length: count }, (_, number) => number);
  const found = await Promise.all(numbers.map((number) => documents.read(laneName(batch, number))));
  return found.map((document, number) => ({ number, lane: document?.data ?? null }));
}

// A batch whose lanes have all ended died just before its record became terminal: any lane will do.
function deadLanes(lanes, now) {
  const dead = lanes.filter(({ lane }) => isDead(lane, now));
  const allEnded = lanes.every(({ lane }) => hasEnded(lane));
  if (!allEnded) return dead;
  return lanes.filter(({ lane }) => lane.lease_expires_at < now).slice(0, 1);
}

/**
 * Set the dead lanes of a batch going again.
 *
 * @param {import('./invocation.private.js').Invocation} invocation
 * @param {{batch: string, record: {lanes: number}}} running
 * @returns {Promise<boolean>} false when a lane's document is gone or a lane was not taken over
 */
async function resumeDeadLanes(invocation, { batch, record }) {
  const lanes = await readLanes(invocation.documents, batch, record.lanes);
  if (lanes.length === 0 || lanes.some(({ lane }) => lane === null)) return false;
  const deadline = Math.min(Date.now() + RESUME_MS, invocation.end);
  const taken = await Promise.all(
    deadLanes(lanes, Date.now()).map(({ number, lane }) => {
      const message = { batch, lane: number, generation: lane.generation + 1 };
      log.warn('lane.resumed', message);
      return handOver(invocation, message, deadline);
    }),
  );
  return taken.every(Boolean);
}

module.exports = { findRunningBatch, handOver, readLanes, resumeDeadLanes };
