/**
 * The documents of a batch: their names, their first contents, and the public record's counts.
 *
 * Beyond the record's public fields two more hold queues whose events came while the batch ran:
 * `waiting` (SIDs nobody has planned for yet) and `planning` (those being planned just now).
 * A record becomes terminal only when both are empty, so no such event is lost.
 */

'use strict';

const { randomInt } = require('node:crypto');

const load = (name) => require(Runtime.getFunctions()[`lib/${name}`].path);
const { cutShards } = load('batch/queue-plan');

const TYPE = 'worker-queue-sync';
const LATEST = `latest-${TYPE}`;
const TERMINAL = new Set(['completed', 'completed_with_failures', 'cancelled', 'failed']);
const COUNTS = ['done', 'updated', 'unchanged', 'gone', 'failed'];
const FAILURES_KEPT = 50;
const WORK_TTL = 24 * 3600; // seconds
const RECORD_TTL = 7 * 24 * 3600; // seconds
const WRITES_AT_ONCE = 8;
const FIRST_HOP_MS = 5_000; // before that nobody else need start a new lane
const LETTERS = 'abcdefghijklmnopqrstuvwxyz0123456789';

const recordName = (batch) => `batch-${batch}`;
const shardName = (batch, number) => `batch-${batch}-shard-${number}`;
const laneName = (batch, number) => `batch-${batch}-lane-${number}`;

/** ISO 8601 in UTC, whole seconds. */
const timeText = (ms = Date.now()) => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');

const newId = () => Array.from({ length: 20 }, () => LETTERS[randomInt(LETTERS.length)]).join('');

const zeroCounts = () => Object.fromEntries(COUNTS.map((name) => [name, 0]));

/** @param {{status: string}} record */
const isTerminal = (record) => TERMINAL.has(record.status);

// `queues`: what the batch is about, for whoever has to do it again.
function newRecord({ reason, queues }, total, shards) {
  const now = timeText();
  return {
    type: TYPE,
    reason,
    queues,
    status: 'queued',
    total,
    ...zeroCounts(),
    failures: [],
    lanes: 1,
    shards,
    started_at: now,
    updated_at: now,
    finished_at: null,
  };
}

// `verify`: the queues to be planned once more after a round that wrote something.
function newLane(shards, verify) {
  return {
    generation: 0,
    holder: null,
    lease_expires_at: Date.now() + FIRST_HOP_MS,
    shards: shards.map((_, number) => number),
    cursor: { shard: 0, item: 0 },
    ...zeroCounts(),
    failures: [],
    verify,
  };
}

// A repeated create that finds its own document is a success: the names are the batch's alone.
async function createOnce(documents, name, data, ttl = WORK_TTL) {
  try {
    return await documents.create(name, data, ttl);
  } catch (error) {
    if (error.status !== 409) throw error;
    return documents.read(name);
  }
}

/**
 * Write shards of a batch.
 *
 * @param {import('../sync-documents.private.js').SyncDocuments} documents
 * @param {string} batch
 * @param {object[]} shards
 * @param {number} [first] the number of the first one
 */
async function writeShards(documents, batch, shards, first = 0) {
  for (let start = 0; start < shards.length; start += WRITES_AT_ONCE) {
    const some = shards.slice(start, start + WRITES_AT_ONCE);
    await Promise.all(
      some.map((shard, index) =>
        createOnce(documents, shardName(batch, first + start + index), shard),
      ),
    );
  }
}

// Whether `latest-…` could be moved on from what it was when nothing ran.
async function claimLatest(documents, latest, pointer) {
  try {
    if (latest) await documents.update(LATEST, pointer, latest.revision);
    else await documents.create(LATEST, pointer);
    return true;
  } catch (error) {
    if (error.status !== 412 && error.status !== 409) throw error;
    return (await documents.read(LATEST))?.data.batch === pointer.batch;
  }
}

/**
 * Write the documents of a new batch of one lane, `latest-…` last. Nothing runs yet.
 *
 * @param {import('../sync-documents.private.js').SyncDocuments} documents
 * @param {{reason: string, queues: string[], items: Array, waiting?: string[]}} plan `waiting`:
 *   queues the lane has to plan for
 * @param {{revision: string} | null} latest the document `latest-…` as it was read
 * @returns {Promise<{batch: string, documentSid: string} | null>} null: another batch came first,
 *   this one is cancelled
 */
async function createBatch(documents, { reason, queues, items, waiting = [] }, latest) {
  const batch = newId();
  const shards = cutShards(queues, items);
  await writeShards(documents, batch, shards);
  await createOnce(documents, laneName(batch, 0), newLane(shards, queues));
  const record = { ...newRecord({ reason, queues }, items.length, shards.length), waiting };
  const { sid } = await createOnce(documents, recordName(batch), record, RECORD_TTL);
  if (await claimLatest(documents, latest, { batch, document_sid: sid })) {
    return { batch, documentSid: sid };
  }
  const cancelled = { status: 'cancelled', finished_at: timeText() };
  await documents.amend(recordName(batch), (data) => ({ ...data, ...cancelled }));
  return null;
}

/**
 * Add up what a batch's lanes have done.
 *
 * @param {object[]} lanes their documents' data
 * @returns {object} the record's counts and its first 50 failures
 */
function sumLanes(lanes) {
  const counts = zeroCounts();
  for (const lane of lanes) COUNTS.forEach((name) => (counts[name] += lane[name] ?? 0));
  const failures = lanes.flatMap((lane) => lane.failures ?? []).slice(0, FAILURES_KEPT);
  return { ...counts, failures };
}

module.exports = {
  FAILURES_KEPT,
  LATEST,
  createBatch,
  isTerminal,
  laneName,
  recordName,
  shardName,
  sumLanes,
  timeText,
  writeShards,
};
