/**
 * Brings one worker's `queues` up to date without losing anybody else's change.
 *
 * Every write is conditional on the version it was computed from. Twilio also raises a worker's
 * version by itself (reservations, capacity), so a refused write is normal: read again, compute
 * again, until it holds or the time is over.
 */

'use strict';

const load = (name) => require(Runtime.getFunctions()[`lib/${name}`].path);
const { MAX_CHARACTERS, heldQueues, parseAttributes, withQueues } = load('workers/attributes');
const { OutOfTime, describeError } = load('retry');

function tooLong(characters) {
  return new Error(
    `attributes would be ${characters} characters, Twilio's limit is ${MAX_CHARACTERS}`,
  );
}

async function writeOnce(taskRouter, workerSid, copy, { wanted, sorted, attempts }) {
  const attributes = parseAttributes(copy.attributes);
  const options = { sorted, source: copy.attributes };
  const change = withQueues(attributes, await wanted(heldQueues(attributes), copy), options);
  if (change === null) return 'unchanged';
  if (change.characters > MAX_CHARACTERS) throw tooLong(change.characters);
  const { version } = copy;
  await taskRouter.writeWorker(workerSid, { text: change.text, version }, attempts);
  return 'updated';
}

async function writeUntilHeld(taskRouter, workerSid, options) {
  const { first, attempts } = options;
  let copy = first ?? (await taskRouter.readWorker(workerSid, attempts));
  for (;;) {
    try {
      return await writeOnce(taskRouter, workerSid, copy, options);
    } catch (error) {
      if (error.status !== 412) throw error;
      await attempts.lostRace(`update worker ${workerSid}`, error);
      copy = await taskRouter.readWorker(workerSid, attempts);
    }
  }
}

function outcomeOf(error) {
  if (error instanceof OutOfTime) return { outcome: 'unfinished', reason: describeError(error) };
  if (error.status === 404) return { outcome: 'gone' };
  return { outcome: 'failed', reason: describeError(error) };
}

/**
 * Update one worker's queues. Safe to repeat: a worker that is right already is not written.
 *
 * @param {import('./taskrouter.private.js').TaskRouter} taskRouter
 * @param {string} workerSid
 * @param {object} options
 * @param {{attributes: string, version: string}} [options.first] a copy that may be out of date,
 *   left out: the worker is read
 * @param {(held: string[], copy: object) => string[] | Promise<string[]>} options.wanted from the
 *   queues the worker holds to those it should hold; called again for every copy
 * @param {boolean} [options.sorted] bring the same set in another order into form, too
 * @param {import('../retry.private.js').Attempts} options.attempts
 * @returns {Promise<{outcome: 'updated'|'unchanged'|'gone'|'failed'|'unfinished',
 *   reason?: string}>} unfinished: the time ran out, to be repeated. Never throws.
 */
async function updateQueues(taskRouter, workerSid, options) {
  try {
    return { outcome: await writeUntilHeld(taskRouter, workerSid, options) };
  } catch (error) {
    return outcomeOf(error);
  }
}

module.exports = { updateQueues };
