/**
 * Starts the next hop of a lane and sees that it took over.
 *
 * The call is not waited for, its answer comes only when the next hop is done: the proof is the
 * lane's document. The host is the function's own domain variable, never the request's header.
 */

'use strict';

const https = require('node:https');

const load = (name) => require(Runtime.getFunctions()[`lib/${name}`].path);
const { LATEST, isTerminal, laneName, recordName } = load('batch/documents');
const { hasEnded, isDead, releaseLease } = load('batch/lane');
const log = load('log');
const { describeError, sleep } = load('retry');
const { signMessage } = load('batch/signing');

const POLL_MS = 150;
const REPEAT_MS = 1500;

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
 * @param {import('../invocation.private.js').Invocation} invocation
 * @param {{batch: string, lane: number, generation: number}} message
 * @returns {Promise<boolean>} false when nobody had taken over at the end of the time
 * @throws {Error} when the lane's document cannot be read
 */
async function handOver(invocation, message) {
  const name = laneName(message.batch, message.lane);
  let watching = true;
  const onProblem = (problem) => {
    if (watching) log.warn('lane.next-hop-refused', { ...message, problem });
  };
  let nextPost = 0;
  while (Date.now() < invocation.end) {
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
 * Find the newest batch.
 *
 * @param {import('../sync-documents.private.js').SyncDocuments} documents
 * @returns {Promise<{latest: object | null, running: {batch: string, record: object} | null,
 *   failed: {batch: string, record: object} | null}>} the document `latest-…`, and the batch it
 *   names if that is still to be done, or has failed with queues nobody has planned for since
 */
async function findNewestBatch(documents) {
  const latest = await documents.read(LATEST);
  if (latest === null) return { latest, running: null, failed: null };
  const { batch } = latest.data;
  const record = await documents.read(recordName(batch));
  const found = record && { batch, record: record.data };
  const failed = record?.data.status === 'failed' && record.data.queues?.length > 0;
  const open = record !== null && !isTerminal(record.data);
  return { latest, running: open ? found : null, failed: failed ? found : null };
}

/**
 * Read the lanes of a batch.
 *
 * @param {import('../sync-documents.private.js').SyncDocuments} documents
 * @param {string} batch
 * @param {number} count
 * @returns {Promise<{number: number, lane: object, revision: string}[]>} without those whose
 *   documents are gone
 */
async function readLanes(documents, batch, count) {
  const numbers = Array.from({ length: count }, (_, number) => number);
  const found = await Promise.all(numbers.map((number) => documents.read(laneName(batch, number))));
  const lanes = found.map((document, number) => ({ document, number }));
  return lanes
    .filter(({ document }) => document !== null)
    .map(({ document, number }) => ({ number, lane: document.data, revision: document.revision }));
}

// A batch whose lanes have all ended died just before its record became terminal: any lane will do.
function deadLanes(lanes, now) {
  if (!lanes.every(({ lane }) => hasEnded(lane))) {
    return lanes.filter(({ lane }) => isDead(lane, now));
  }
  return lanes.filter(({ lane }) => lane.lease_expires_at < now).slice(0, 1);
}

// Of many events that find a dead lane one resumes it: the one whose write here holds.
async function announce({ documents }, batch, { number, lane, revision }) {
  try {
    const released = releaseLease({ ...lane, late: true }, Date.now());
    await documents.update(laneName(batch, number), released, revision);
    return true;
  } catch (error) {
    if (error.status !== 412) throw error;
    return false;
  }
}

async function resumeLane(invocation, batch, found) {
  if (!(await announce(invocation, batch, found))) return true;
  const message = { batch, lane: found.number, generation: found.lane.generation + 1 };
  log.warn('lane.resumed', message);
  return handOver(invocation, message);
}

/**
 * Set the dead lanes of a batch going again.
 *
 * @param {import('../invocation.private.js').Invocation} invocation
 * @param {string} batch
 * @param {{number: number, lane: object, revision: string}[]} lanes
 * @throws {Error} when a lane was not taken over in the time of this invocation
 */
async function resumeDeadLanes(invocation, batch, lanes) {
  const dead = deadLanes(lanes, Date.now());
  const taken = await Promise.all(dead.map((found) => resumeLane(invocation, batch, found)));
  if (!taken.every(Boolean)) throw new Error(`batch ${batch} has stopped and was not taken up`);
}

module.exports = { findNewestBatch, handOver, readLanes, resumeDeadLanes };
