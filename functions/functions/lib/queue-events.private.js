/**
 * What a change of one task queue starts: a batch, or a place in the one that runs already.
 *
 * One chain at a time works on the workers. A queue whose event comes while a batch runs is noted
 * in the batch's record, under If-Match against its end; the last lane plans for it before the
 * batch ends.
 */

'use strict';

const load = (name) => require(Runtime.getFunctions()[`lib/${name}`].path);
const { createBatch, isTerminal, recordName } = load('batch-documents');
const { findRunningBatch, handOver, resumeDeadLanes } = load('hand-over');
const log = load('log');
const { readPlan } = load('queue-plan');

const WAITING_MAX = 50; // SIDs in a record, which stays below 10 KiB

function withWaiting(record, queueSid) {
  const waiting = new Set(record.waiting);
  const full = waiting.size >= WAITING_MAX && !waiting.has(queueSid);
  if (isTerminal(record) || full) return null;
  return { ...record, waiting: [...waiting.add(queueSid)] };
}

async function joinRunningBatch(invocation, queueSid) {
  const { documents } = invocation;
  const running = await findRunningBatch(documents);
  if (running === null || !(await resumeDeadLanes(invocation, running))) return null;
  const record = await documents.amend(recordName(running.batch), (data) =>
    withWaiting(data, queueSid),
  );
  const joined = record?.waiting?.includes(queueSid) && !isTerminal(record);
  return joined ? { outcome: 'waiting', batch: running.batch } : null;
}

/**
 * See that the workers follow a queue that was created, changed or deleted.
 *
 * @param {import('./invocation.private.js').Invocation} invocation
 * @param {{queueSid: string, reason: string, deleted: boolean}} change
 * @returns {Promise<{outcome: 'waiting'|'started'|'unchanged', batch?: string}>}
 * @throws {Error} when a listing failed or the batch was not taken up
 */
async function followQueue(invocation, { queueSid, reason, deleted }) {
  const joined = await joinRunningBatch(invocation, queueSid);
  if (joined) return joined;
  const gone = new Set(deleted ? [queueSid] : []);
  const items = await readPlan(invocation.taskRouter, [queueSid], gone);
  if (items.length === 0) return { outcome: 'unchanged' };
  const plan = { reason, queues: [queueSid], items };
  const { batch, documentSid } = await createBatch(invocation.documents, plan);
  log.info('batch.created', { batch, document: documentSid, reason, items: items.length });
  if (!(await handOver(invocation, { batch, lane: 0, generation: 1 }))) {
    throw new Error(`batch ${batch} was written, but no function took it up`);
  }
  return { outcome: 'started', batch, document_sid: documentSid };
}

module.exports = { followQueue };
