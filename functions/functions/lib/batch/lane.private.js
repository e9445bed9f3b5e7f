/**
 * A lane's state and its rules; pure, the documents are written elsewhere.
 *
 * `cursor.shard` counts in `shards`, `cursor.item` in that shard's items. Items are worked
 * several at a time: `ahead` lists those beyond the cursor that are done, `attempts` maps those
 * that ran out of time to the failures they have had. The cursor moves past the last shard only
 * when the lane is done for good, so whoever watches may take that as its end.
 */

'use strict';

const load = (name) => require(Runtime.getFunctions()[`lib/${name}`].path);
const { FAILURES_KEPT } = load('batch/documents');

const LEASE_MS = 15_000; // a function is ended after 10 s
const TAKE_OVER_MS = 5_000; // how long the next one may take to show up
const FRESH_MS = 10_000; // how long a plan may wait to be begun

/** @param {object} lane */
const hasEnded = (lane) => lane.cursor.shard >= lane.shards.length;

/** Say whether the chain has died: nobody holds the lane and nobody is due to take over. */
const isDead = (lane, now) => !hasEnded(lane) && lane.lease_expires_at < now;

// Whether the plan has lain about: its changes may be out of date by now.
function isLate(lane, startedAt, now) {
  const followedUntil = Math.max(lane.lease_expires_at, Date.parse(startedAt) + FRESH_MS);
  return lane.late === true || followedUntil < now;
}

/**
 * Take the lease for the next generation.
 *
 * @param {object} lane
 * @param {{generation: number, holder: string, now: number, startedAt: string}} claim now in epoch
 *   milliseconds, startedAt the batch's `started_at`
 * @returns {object | string} the lane's new state, or why the claim is refused; `late` says that
 *   each worker's queues are to be asked for, since the plan is out of date
 */
function takeLease(lane, { generation, holder, now, startedAt }) {
  const next = lane.generation + 1;
  if (generation !== next) return `generation ${generation} is not the next one, ${next}`;
  if (lane.holder && lane.lease_expires_at >= now) return 'another function holds the lane';
  const late = isLate(lane, startedAt, now);
  return { ...lane, generation, holder, lease_expires_at: now + LEASE_MS, late };
}

/** Let go of the lease so that the next generation may take it, and is expected to, soon. */
const releaseLease = (lane, now) => ({
  ...lane,
  holder: null,
  lease_expires_at: now + TAKE_OVER_MS,
});

/** List the indexes of a shard's items that are still to be done, in order. */
function openItems(lane, itemCount) {
  const done = new Set(lane.ahead);
  const open = [];
  for (let item = lane.cursor.item; item < itemCount; item += 1) {
    if (!done.has(item)) open.push(item);
  }
  return open;
}

function countOutcome(lane, workerSid, { outcome, reason }) {
  const failure = { worker_sid: workerSid, reason };
  const failures =
    outcome === 'failed' ? [...lane.failures, failure].slice(0, FAILURES_KEPT) : lane.failures;
  const count = (lane[outcome] ?? 0) + 1;
  return { ...lane, [outcome]: count, done: (lane.done ?? 0) + 1, failures };
}

function moveCursor(lane, item) {
  const ahead = new Set([...(lane.ahead ?? []), item]);
  const cursor = { ...lane.cursor };
  while (ahead.delete(cursor.item)) cursor.item += 1;
  return { ...lane, cursor, ahead: [...ahead].sort((a, b) => a - b) };
}

/**
 * Record how one item of the current shard ended.
 *
 * @param {object} lane
 * @param {{item: number, workerSid: string, outcome: string, reason?: string, used: number}} result
 *   `used` failures so far; the outcome `unfinished` keeps the item open with them
 * @returns {object} the lane's new state
 */
function recordItem(lane, { item, workerSid, used, ...result }) {
  const { [item]: _, ...attempts } = lane.attempts ?? {};
  if (result.outcome === 'unfinished') {
    return { ...lane, attempts: { ...attempts, [item]: used } };
  }
  return moveCursor(countOutcome({ ...lane, attempts }, workerSid, result), item);
}

/** Say whether the current shard is the lane's last. */
const isLastShard = (lane) => lane.cursor.shard >= lane.shards.length - 1;

/** Move on from a shard whose items are all done; past the last one this ends the lane. */
const nextShard = (lane) => ({
  ...lane,
  cursor: { shard: lane.cursor.shard + 1, item: 0 },
  ahead: [],
  attempts: {},
});

/** Add shards, by number; a lane that had ended goes on with them. */
const withShards = (lane, numbers) => ({ ...lane, shards: [...lane.shards, ...numbers] });

module.exports = {
  hasEnded,
  isDead,
  isLastShard,
  nextShard,
  openItems,
  recordItem,
  releaseLease,
  takeLease,
  withShards,
};
