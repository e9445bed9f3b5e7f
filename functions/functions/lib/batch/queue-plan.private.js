/**
 * Plans what a change of task queues means for the workers: who gains a queue, who loses it.
 *
 * The plan is pure; `readPlan` fetches what it is made from. An item is
 * `[workerSid, [indexes of queues to add], [indexes of queues to remove]]`, the indexes counting
 * in the plan's list of queues.
 */

'use strict';

const load = (name) => require(Runtime.getFunctions()[`lib/${name}`].path);
const { heldQueues, parseAttributes } = load('workers/attributes');

const SHARD_BYTES = 10_000; // below Sync's 10 KiB, above which its write rate falls
const LISTINGS_AT_ONCE = 4;

// null where Twilio sent no attributes or no JSON object: the item is planned, applying it decides.
function holdings(attributes) {
  try {
    return new Set(heldQueues(parseAttributes(attributes)));
  } catch {
    return null;
  }
}

function planItem({ sid, attributes }, queues, eligible) {
  const held = holdings(attributes);
  const add = [];
  const remove = [];
  queues.forEach((queue, index) => {
    const wanted = eligible.get(queue).has(sid);
    if (wanted && !held?.has(queue)) add.push(index);
    if (!wanted && (held === null || held.has(queue))) remove.push(index);
  });
  return [sid, add, remove];
}

/**
 * Compare who should hold some queues with who does.
 *
 * @param {string[]} queues task queue SIDs
 * @param {Map<string, Set<string>>} eligible queue SID to the SIDs of its eligible workers
 * @param {{sid: string, attributes: string | null}[]} workers all workers
 * @returns {Array<[string, number[], number[]]>} items, for workers something changes for
 */
function planItems(queues, eligible, workers) {
  return workers
    .map((worker) => planItem(worker, queues, eligible))
    .filter(([, add, remove]) => add.length + remove.length > 0);
}

/**
 * Apply an item's change to the queues a worker holds.
 *
 * @param {string[]} queues the list the item's indexes count in
 * @param {[string, number[], number[]]} item
 * @param {string[]} held
 * @returns {string[]}
 */
function applyItem(queues, [, add, remove], held) {
  const result = new Set(held);
  add.forEach((index) => result.add(queues[index]));
  remove.forEach((index) => result.delete(queues[index]));
  return [...result];
}

/**
 * Cut items into shards of less than 10 KiB each.
 *
 * @param {string[]} queues
 * @param {Array<[string, number[], number[]]>} items
 * @returns {{queues: string[], items: Array}[]} none for no items
 */
function cutShards(queues, items) {
  const shards = [];
  let room = 0;
  for (const item of items) {
    const bytes = JSON.stringify(item).length + 1;
    if (bytes > room) {
      shards.push({ queues, items: [] });
      room = SHARD_BYTES - JSON.stringify({ queues, items: [] }).length;
    }
    shards.at(-1).items.push(item);
    room -= bytes;
  }
  return shards;
}

async function listEligible(taskRouter, queues, deleted) {
  const eligible = new Map();
  for (let start = 0; start < queues.length; start += LISTINGS_AT_ONCE) {
    const some = queues.slice(start, start + LISTINGS_AT_ONCE);
    const lists = await Promise.all(
      some.map((queue) => (deleted.has(queue) ? new Set() : taskRouter.eligibleWorkers(queue))),
    );
    some.forEach((queue, index) => eligible.set(queue, lists[index]));
  }
  return eligible;
}

/**
 * Read the workspace and plan for some queues.
 *
 * @param {import('../workers/taskrouter.private.js').TaskRouter} taskRouter
 * @param {string[]} queues task queue SIDs
 * @param {Set<string>} [deleted] those known to be deleted: nobody is eligible
 * @returns {Promise<Array<[string, number[], number[]]>>} items
 * @throws {Error} when a listing fails; nothing is planned then
 */
async function readPlan(taskRouter, queues, deleted = new Set()) {
  const [eligible, workers] = await Promise.all([
    listEligible(taskRouter, queues, deleted),
    taskRouter.allWorkers(),
  ]);
  return planItems(queues, eligible, workers);
}

module.exports = { applyItem, cutShards, planItems, readPlan };
