/**
 * What comes when a lane's items are done: one more look, then the end.
 *
 * Plans go stale while they are carried out: a queue's expression may change again, a worker's
 * skills may change. So a round that wrote something is followed by another plan for the same
 * queues, and queues whose events came meanwhile (the record's `waiting`) are planned with them.
 * The lane ends when a plan is empty.
 */

'use strict';

const load = (name) => require(Runtime.getFunctions()[`lib/${name}`].path);
const { FAILURES_KEPT, isTerminal, recordName, sumLanes, timeText, writeShards } =
  load('batch/documents');
const { hasEnded, nextShard, withShards } = load('batch/lane');
const { BatchBroken } = load('batch/lane-run');
const log = load('log');
const { cutShards, readPlan } = load('batch/queue-plan');
const { describeError } = load('retry');

const QUEUES_AT_ONCE = 20;
const QUEUES_KEPT = 80; // in the record, which stays below 16 KiB
const ROUNDS = 3; // of planning the same queues again
const PLANS = 3; // failed ones in a row

const union = (...lists) => [...new Set(lists.flat())];

// Moves waiting queues to `planning`, where they stay until they were planned.
function claim(record) {
  const { waiting = [], planning = [] } = record;
  if (waiting.length === 0) return null;
  const claimed = union(planning, waiting.slice(0, QUEUES_AT_ONCE));
  const queues = union(record.queues ?? [], claimed).slice(0, QUEUES_KEPT);
  return { ...record, queues, waiting: waiting.slice(QUEUES_AT_ONCE), planning: claimed };
}

async function claimWaiting(run) {
  const others = await run.otherLanes();
  if (!others.every(hasEnded)) return []; // the last lane does it
  const record = await run.documents.amend(recordName(run.batch), claim);
  return record?.planning ?? [];
}

function toVerify({ verify = [], updated = 0, verified = 0 }) {
  return updated > verified ? verify : [];
}

function withoutFailed(items, { failures }) {
  const failed = new Set(failures.map((failure) => failure.worker_sid));
  return items.filter(([workerSid]) => !failed.has(workerSid));
}

async function plan(run, queues) {
  try {
    const items = await readPlan(run.invocation.taskRouter, queues);
    return withoutFailed(items, run.lane);
  } catch (error) {
    const failures = (run.lane.failed_plans ?? 0) + 1;
    const fields = { batch: run.batch, failures, reason: describeError(error) };
    log.error('lane.plan-failed', fields);
    if (failures >= PLANS) throw new BatchBroken(`planning failed: ${fields.reason}`);
    run.lane = { ...run.lane, failed_plans: failures };
    return null;
  }
}

function giveUp(lane, items) {
  const reason = `its queues changed again in each of ${ROUNDS} rounds`;
  const failures = items.map(([worker_sid]) => ({ worker_sid, reason }));
  return {
    ...lane,
    done: lane.done + items.length,
    failed: lane.failed + items.length,
    failures: [...lane.failures, ...failures].slice(0, FAILURES_KEPT),
  };
}

// The record gives the shards' numbers, since another lane may add some, too.
async function addShards(run, queues, items) {
  const shards = cutShards(queues, items);
  const record = await run.documents.amend(recordName(run.batch), (data) => ({
    ...data,
    total: data.total + items.length,
    shards: data.shards + shards.length,
  }));
  const first = record.shards - shards.length;
  await writeShards(run.documents, run.batch, shards, first);
  run.lane = withShards(
    run.lane,
    shards.map((_, index) => first + index),
  );
}

async function unclaim(run, queues) {
  const planned = new Set(queues);
  await run.documents.amend(recordName(run.batch), (data) => ({
    ...data,
    planning: (data.planning ?? []).filter((queue) => !planned.has(queue)),
  }));
}

// What the lane is once the queues are planned: new queues start the count of rounds again.
function afterPlan(lane, claimed) {
  const rounds = claimed.length > 0 ? 0 : (lane.rounds ?? 0) + 1;
  const verify = union(lane.verify ?? [], claimed);
  return { ...lane, verify, rounds, verified: lane.updated, failed_plans: 0 };
}

async function planAgain(run, claimed) {
  const queues = union(claimed, toVerify(run.lane));
  const items = await plan(run, queues);
  if (items === null) return 'retry';
  run.lane = afterPlan(run.lane, claimed);
  const more = items.length > 0 && run.lane.rounds <= ROUNDS;
  if (more) await addShards(run, queues, items);
  else run.lane = giveUp(run.lane, items);
  await run.save();
  if (claimed.length > 0) await unclaim(run, claimed);
  return more ? 'more' : 'done';
}

async function endLane(run) {
  if (!hasEnded(run.lane)) run.lane = nextShard(run.lane);
  await run.save();
}

function ended(record, sums) {
  const status = sums.failed > 0 ? 'completed_with_failures' : 'completed';
  const now = timeText();
  return { ...record, ...sums, total: sums.done, status, updated_at: now, finished_at: now };
}

// Null leaves the record alone: it is terminal already, or queues came while the lane ended.
async function endRecord(run) {
  const others = await run.otherLanes();
  if (!others.every(hasEnded)) {
    await run.report();
    return true;
  }
  const sums = sumLanes([run.lane, ...others]);
  const record = await run.documents.amend(recordName(run.batch), (data) => {
    const waiting = data.waiting?.length > 0 || data.planning?.length > 0;
    return isTerminal(data) || waiting ? null : ended(data, sums);
  });
  return record === null || isTerminal(record);
}

/**
 * Close a lane whose items are done.
 *
 * @param {import('./lane-run.private.js').LaneRun} run
 * @returns {Promise<'ended' | 'more' | 'retry'>} more: shards were added; retry: a plan failed,
 *   the next hop shall try again
 * @throws {BatchBroken} when planning failed several times in a row
 */
async function closeLane(run) {
  for (;;) {
    const claimed = await claimWaiting(run);
    if (claimed.length > 0 || toVerify(run.lane).length > 0) {
      const result = await planAgain(run, claimed);
      if (result !== 'done') return result;
    }
    await endLane(run);
    if (await endRecord(run)) return 'ended';
  }
}

/**
 * Write that a batch cannot be done.
 *
 * @param {import('../sync-documents.private.js').SyncDocuments} documents
 * @param {string} batch
 * @param {string} error for people
 */
async function failBatch(documents, batch, error) {
  const now = timeText();
  await documents.amend(recordName(batch), (data) =>
    isTerminal(data)
      ? null
      : { ...data, status: 'failed', error, updated_at: now, finished_at: now },
  );
}

module.exports = { closeLane, failBatch };
