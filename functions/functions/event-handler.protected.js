/**
 * The workspace's event callback.
 *
 * Keeps every worker's attribute `queues` in step with the task queues: a worker that is new or
 * was changed is updated at once, a queue that was created, changed or deleted starts a batch.
 *
 * Answers JSON: 200 `{outcome, …}`, also for events that mean nothing to it; 500 `{message}` when
 * an event could not be handled, with the reason in the log.
 */

'use strict';

const load = (name) => require(Runtime.getFunctions()[`lib/${name}`].path);
const { hasRightDigest, parseAttributes } = load('workers/attributes');
const { Invocation } = load('invocation');
const log = load('log');
const { followQueue, takeUpBatch } = load('batch/queue-events');
const { reply } = load('reply');
const { describeError } = load('retry');
const { updateQueues } = load('workers/update');

const PROBE_PREFIX = 'taskrouter-probe-';
const LOGGED_CHARACTERS = 400;
const PROBE_TTL = 24 * 3600; // seconds

// An update whose digest is right was caused by our own write. We create no workers: a new one
// that has a digest was copied from another, from a backup or from another account.
function isOwnWrite({ EventType, WorkerAttributes }) {
  if (EventType !== 'worker.attributes.update') return false;
  try {
    return hasRightDigest(parseAttributes(WorkerAttributes));
  } catch {
    return false;
  }
}

// Without a SID a filtered list would be a list of everything.
function requireSid(prefix, sid) {
  if (new RegExp(`^${prefix}[0-9a-f]{32}$`, 'i').test(sid ?? '')) return;
  throw new Error(`the event names no ${prefix} SID but '${sid}'`);
}

// Queue events may be weeks apart: a worker's takes a dead chain up as well.
async function takeUp(invocation) {
  try {
    await takeUpBatch(invocation);
  } catch (error) {
    log.warn('batch.not-taken-up', { reason: describeError(error) });
  }
}

async function followWorker(invocation, event) {
  const { WorkerSid: workerSid, WorkerAttributes, WorkerVersion } = event;
  requireSid('WK', workerSid);
  if (isOwnWrite(event)) return { outcome: 'own-write' };
  const attempts = invocation.itemAttempts();
  const { taskRouter } = invocation;
  const known = WorkerVersion !== undefined && WorkerAttributes !== undefined;
  const first = known ? { attributes: WorkerAttributes, version: WorkerVersion } : undefined;
  const wanted = () => taskRouter.queuesOfWorker(workerSid, attempts);
  const { outcome, reason } = await updateQueues(taskRouter, workerSid, {
    first,
    wanted,
    attempts,
  });
  if (reason) throw new Error(`worker ${workerSid}: ${reason}`);
  await takeUp(invocation);
  return { outcome };
}

function followQueueEvent(invocation, event) {
  const { EventType, TaskQueueSid: queueSid } = event;
  requireSid('WQ', queueSid);
  const reason = `${EventType} ${queueSid}`;
  return followQueue(invocation, { queueSid, reason, deleted: EventType === 'task-queue.deleted' });
}

// The receipt of a probe: the verification after a deployment waits for it.
async function recordProbe({ documents }, { EventType, TaskQueueSid }) {
  const append = ({ events = [] }) => ({ events: [...events, EventType] });
  await documents.amendOrCreate(`probe-${TaskQueueSid}`, append, PROBE_TTL);
  return { outcome: 'probe' };
}

const HANDLERS = {
  'worker.created': followWorker,
  'worker.attributes.update': followWorker,
  'task-queue.created': followQueueEvent,
  'task-queue.expression.updated': followQueueEvent,
  'task-queue.deleted': followQueueEvent,
};

function handlerOf({ EventType, TaskQueueName, WorkspaceSid }, settings) {
  if (WorkspaceSid !== undefined && WorkspaceSid !== settings.workspaceSid) return undefined;
  if (!Object.hasOwn(HANDLERS, EventType ?? '')) return undefined;
  return String(TaskQueueName ?? '').startsWith(PROBE_PREFIX) ? recordProbe : HANDLERS[EventType];
}

const about = ({ EventType, Sid, WorkerSid, TaskQueueSid }) => ({
  type: EventType,
  sid: Sid,
  worker: WorkerSid,
  queue: TaskQueueSid,
});

async function answer(context, event) {
  try {
    const invocation = new Invocation(context);
    const handler = handlerOf(event, invocation.settings);
    const result = handler ? await handler(invocation, event) : { outcome: 'ignored' };
    const quiet = handler && !invocation.settings.logEvents;
    if (!quiet) log.info('event.handled', { ...about(event), ...result });
    return reply(200, result);
  } catch (error) {
    const reason = describeError(error, LOGGED_CHARACTERS);
    log.error('event.failed', { ...about(event), reason });
    return reply(500, { message: `the event could not be handled: ${reason}` });
  }
}

exports.handler = async function handler(context, event, callback) {
  callback(null, await answer(context, event));
};
