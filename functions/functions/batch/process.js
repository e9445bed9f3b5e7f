/**
 * One hop of a batch: takes the lane named in a signed message, works for some seconds, and hands
 * the rest to the next hop.
 *
 * Public, because a stack with only an API key cannot make Twilio's signatures: the message's own
 * HMAC is checked instead (docs/batch-protocol.md).
 *
 * Answers JSON: 202 `{accepted: true, …}` when its share is done or handed on, 400 for another
 * shape of message, 401 unsigned, 404 no such batch, 409 not the next generation, 500 or 503 when
 * the lane stands still: its lease runs out and the next generation may take it.
 */

'use strict';

const load = (name) => require(Runtime.getFunctions()[`lib/${name}`].path);
const { handOver } = load('batch/hand-over');
const { Invocation } = load('invocation');
const { closeLane, failBatch } = load('batch/lane-closing');
const { BatchBroken, LaneRun, Refused } = load('batch/lane-run');
const log = load('log');
const { reply } = load('reply');
const { describeError } = load('retry');
const { isSigned, readPayload } = load('batch/signing');

// Whether the lane came to its end; false where work is left for the next hop.
async function workLane(invocation, run) {
  do {
    if (!(await run.work()) || !invocation.hasTime()) return false;
    const result = await closeLane(run);
    if (result === 'ended') return true;
    if (result === 'retry') return false;
  } while (invocation.hasTime());
  return false;
}

async function runHop(invocation, message) {
  const run = await LaneRun.begin(invocation, message);
  if (await workLane(invocation, run)) return reply(202, { accepted: true, ended: true });
  await run.release();
  const next = { ...message, generation: message.generation + 1 };
  if (await handOver(invocation, next)) return reply(202, { accepted: true, ended: false });
  return reply(503, { message: 'the next hop did not take over; the lane can be resumed' });
}

async function onError(invocation, message, error) {
  const reason = describeError(error);
  if (error instanceof Refused) {
    log.warn('lane.refused', { ...message, reason });
    return reply(error.answer, { message: error.message });
  }
  log.error('lane.failed', { ...message, reason });
  if (error instanceof BatchBroken) await failBatch(invocation.documents, message.batch, reason);
  return reply(500, { message: `the lane stopped: ${reason}` });
}

async function processMessage(invocation, event) {
  if (!isSigned(invocation.settings.secret, event, Date.now())) {
    log.warn('batch.unsigned', {});
    return reply(401, { message: 'the message is not signed, or not within the last 5 minutes' });
  }
  const message = readPayload(event.payload);
  if (message === null) return reply(400, { message: 'the payload is no batch message' });
  try {
    return await runHop(invocation, message);
  } catch (error) {
    return onError(invocation, message, error);
  }
}

async function answer(context, event) {
  try {
    return await processMessage(new Invocation(context), event);
  } catch (error) {
    const reason = describeError(error);
    log.error('batch.failed', { reason });
    return reply(500, { message: `the message could not be processed: ${reason}` });
  }
}

exports.handler = async function handler(context, event, callback) {
  callback(null, await answer(context, event));
};
