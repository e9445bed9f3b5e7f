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
const { findNewestBatch, handOver, readLanes, resumeDeadLanes } = load('hand-over');
const { readPlan } = load('queue-plan');

const WAITING_MAX = 50; // SIDs in a record, which stays below 10 KiB

function withWaiting(record, queueSid) {
  const waiting = new Set(record.waiting);
  const full = waiting.size >= WAITING_MAX && !waiting.has(queueSid);
  if (isTerminal(record) || full) return null;
  return { ...record, waiting: [...waiting.add(queueSid)] };
}

// Null where no batch runs, or none that can be trusted to end: documents of its lanes are gone.
async function joinBatch(invocation, running, queueSid) {
  if (running === null) return null;
  const { documents } = invocation;
  const { batch, record } = running;
  const lanes = await readLanes(documents, batch, record.lanes);
  if (lanes.length === 0 || lanes.length < record.lanes) return null;
  const joined = await documents.amend(recordName(batch), (data) => withWaiting(data, queueSid));
  if (!joined?.waiting?.includes(queueSid) || isTerminal(joined)) return null;
  await resumeDeadLanes(invocation, batch, lanes);
  return { outcome: 'waiting', batch };
}

async function startBatch(invocation, { batch, documentSid }) {
  if (!(await handOver(invocation, { batch, lane: 0, generation: 1 }))) {
    throw new Error(`batch ${batch} was written, but no function took it up`);
  }
  return { outcome: 'started', batch, document_sid: documentSid };
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
  const { documents, taskRouter } = invocation;
  const gone = new Set(deleted ? [queueSid] : []);
  for (;;) {
    const { latest, running } = await findNewestBatch(documents);
    const joined = await joinBatch(invocation, running, queueSid);
    if (joined) return joined;
    const items = await readPlan(taskRouter, [queueSid], gone);
    if (items.length === 0) return { outcome: 'unchanged' };
    const created = await createBatch(documents, { reason, queues: [queueSid], items }, latest);
    if (created) return startBatch(invocation, created);
  }
}

module.exports = { followQueue };
