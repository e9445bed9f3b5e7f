/**
 * What a change of one task queue starts: a batch, or a place in the one that runs already.
 *
 * One chain at a time works on the workers. A queue whose event comes while a batch runs is noted
 * in the batch's record, under If-Match against its end; the last lane plans for it before the
 * batch ends.
 */

'use strict';

const load = (name) => require(Runtime.getFunctions()[`lib/${name}`].path);
const { createBatch, isTerminal, recordName } = load('batch/documents');
const { findNewestBatch, handOver, readLanes, resumeDeadLanes } = load('batch/hand-over');
const { failBatch } = load('batch/lane-closing');
const log = load('log');
const { readPlan } = load('batch/queue-plan');
const { describeError } = load('retry');

const WAITING_MAX = 50; // SIDs in a record, which stays below 16 KiB
const LOST = 'documents of its lanes are gone; if it was a full sync run `taskrouter sync`';

function withWaiting(record, queueSid) {
  const waiting = new Set(record.waiting);
  const full = waiting.size >= WAITING_MAX && !waiting.has(queueSid);
  if (isTerminal(record) || full) return null;
  return { ...record, waiting: [...waiting.add(queueSid)] };
}

// Null where the batch has ended, or has no more room.
async function joinBatch(invocation, { batch, lanes }, queueSid) {
  const { documents } = invocation;
  const joined = await documents.amend(recordName(batch), (data) => withWaiting(data, queueSid));
  if (!joined?.waiting?.includes(queueSid) || isTerminal(joined)) return null;
  await resumeDeadLanes(invocation, batch, lanes);
  return { outcome: 'waiting', batch };
}

// The batch that runs, if any. It is lost when documents of its lanes are gone (expired, deleted),
// or when it has failed: what it was about is then still to be done.
async function findRunning({ documents }) {
  const { latest, running, failed } = await findNewestBatch(documents);
  if (running === null) return { latest, running: null, lost: failed };
  const lanes = await readLanes(documents, running.batch, running.record.lanes);
  const isLost = lanes.length === 0 || lanes.length < running.record.lanes;
  const found = { ...running, lanes };
  return { latest, running: isLost ? null : found, lost: isLost ? found : null };
}

const queuesOf = ({ queues = [], waiting = [], planning = [] }) => [
  ...queues,
  ...waiting,
  ...planning,
];

async function startBatch(invocation, { batch, documentSid }) {
  if (!(await handOver(invocation, { batch, lane: 0, generation: 1 }))) {
    throw new Error(`batch ${batch} was written, but no function took it up`);
  }
  return { outcome: 'started', batch, document_sid: documentSid };
}

// Twilio does not repeat an event that failed: queues that cannot be planned just now wait in a
// batch without items, whose lane plans them (and says so in its record when it cannot, either).
async function planOrPutOff(taskRouter, queues, gone) {
  try {
    return { items: await readPlan(taskRouter, queues, gone), waiting: [] };
  } catch (error) {
    log.warn('event.planning-put-off', { reason: describeError(error) });
    return { items: [], waiting: queues };
  }
}

// Nobody is to take over its queues a second time.
async function giveUp(documents, batch) {
  await failBatch(documents, batch, LOST);
  const none = { queues: [], waiting: [], planning: [] };
  await documents.amend(recordName(batch), (data) => ({ ...data, ...none }));
}

// What a lost batch was about falls to the new one; only then is it said to have failed.
// Null where another batch came first.
async function newBatch(invocation, { queues, reason, gone }, { latest, lost }) {
  const { documents, taskRouter } = invocation;
  const all = [...new Set([...queues, ...(lost ? queuesOf(lost.record) : [])])];
  const plan = { reason, queues: all, ...(await planOrPutOff(taskRouter, all, gone)) };
  const isEmpty = plan.items.length + plan.waiting.length === 0;
  const created = isEmpty ? {} : await createBatch(documents, plan, latest);
  if (created === null) return null;
  if (lost) await giveUp(documents, lost.batch);
  return created.batch ? startBatch(invocation, created) : { outcome: 'unchanged' };
}

/**
 * See that the workers follow a queue that was created, changed or deleted.
 *
 * @param {import('../invocation.private.js').Invocation} invocation
 * @param {{queueSid: string, reason: string, deleted: boolean}} change
 * @returns {Promise<{outcome: 'waiting'|'started'|'unchanged', batch?: string}>}
 * @throws {Error} when a listing failed or the batch was not taken up
 */
async function followQueue(invocation, { queueSid, reason, deleted }) {
  const change = { queues: [queueSid], reason, gone: new Set(deleted ? [queueSid] : []) };
  for (;;) {
    const found = await findRunning(invocation);
    const joined = found.running && (await joinBatch(invocation, found.running, queueSid));
    const result = joined || (await newBatch(invocation, change, found));
    if (result) return result;
  }
}

/**
 * See that a batch whose chain has died goes on, and that a lost one is done once more.
 *
 * @param {import('../invocation.private.js').Invocation} invocation
 * @throws {Error} when it was not taken up
 */
async function takeUpBatch(invocation) {
  const found = await findRunning(invocation);
  const { running, lost } = found;
  if (running) await resumeDeadLanes(invocation, running.batch, running.lanes);
  if (!lost) return;
  const change = { queues: [], reason: `${lost.batch} was lost`, gone: new Set() };
  await newBatch(invocation, change, found);
}

module.exports = { followQueue, takeUpBatch };
