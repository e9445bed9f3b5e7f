/**
 * Completes a task: what was deferred for it is written first, since status and attributes cannot
 * go in one request. Agreement: docs/task-attributes.md, Ending a task.
 */

'use strict';

const load = (name) => require(Runtime.getFunctions()[`lib/${name}`].path);
const { Failure } = load('front-end/failures');
const log = load('log');
const { updateTask } = load('tasks/update');

const RESERVED_MS = 2500; // for the status, when the flush may fail
const WRONG_STATUS = 20001;

async function flush(invocation, { taskSid, change, id, goesOn }) {
  const attempts = invocation.attempts(goesOn ? RESERVED_MS : 0);
  try {
    const { outcome } = await updateTask(invocation, taskSid, { change, id }, attempts);
    return { gone: outcome === 'gone', failed: false };
  } catch (error) {
    if (!goesOn) throw error;
    const { name, status, code } = error;
    log.warn('task.flush-failed', { task: taskSid, name, status, code });
    return { gone: false, failed: true };
  }
}

// `lost`: an earlier attempt may have completed it.
async function afterRefusal(invocation, taskSid, { attempts, lost, error }) {
  const task = await invocation.tasks.read(taskSid, attempts);
  if (task === null) return 'gone';
  if (task.status === 'completed') return lost ? 'completed' : 'unchanged';
  throw new Failure(
    'conflict',
    `complete task ${taskSid}: it is ${task.status}, only an assigned or wrapping task can be ` +
      'completed',
    { more: { assignmentStatus: task.status }, cause: error },
  );
}

async function setStatus(invocation, taskSid, reason) {
  const attempts = invocation.attempts();
  for (let lost = false; ; lost = true) {
    try {
      const failure = await invocation.tasks.complete(taskSid, reason, attempts);
      if (failure === null) return 'completed';
      await attempts.failed(`complete task ${taskSid}`, failure);
    } catch (error) {
      if (error.status === 404) return 'gone';
      if (error.code !== WRONG_STATUS) throw error;
      return afterRefusal(invocation, taskSid, { attempts, lost, error });
    }
  }
}

/**
 * Write what was deferred for a task, and a last change, and complete it.
 *
 * @param {import('../front-end/invocation.private.js').FrontEndInvocation} invocation
 * @param {{taskSid: string, reason?: string, change?: Map[], id?: string, goesOn: boolean}}
 *   request goesOn: complete it even when the attributes could not be written
 * @returns {Promise<{outcome: 'completed'|'unchanged'|'gone', flushFailed: boolean}>} unchanged:
 *   it was completed before
 * @throws {Failure} `conflict` when the task's status does not allow it
 * @throws {Error} whatever else failed; what was deferred is kept
 */
async function completeTask(invocation, request) {
  const { gone, failed } = await flush(invocation, request);
  const { taskSid, reason } = request;
  const outcome = gone ? 'gone' : await setStatus(invocation, taskSid, reason);
  return { outcome, flushFailed: failed };
}

module.exports = { completeTask };
