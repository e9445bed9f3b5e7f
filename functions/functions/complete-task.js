/**
 * Completes a task for a front end, after what was deferred for it was written.
 *
 * Public, because browsers call it: the body's Token is checked instead
 * (docs/task-attributes.md, Function endpoints). Answers 200 `{outcome, flushFailed, taskSid}`.
 */

'use strict';

const load = (name) => require(Runtime.getFunctions()[`lib/${name}`].path);
const { frontEnd } = load('front-end/handler');
const { changeGiven, kinds } = load('front-end/body');
const { completeTask } = load('tasks/completion');

const members = {
  taskSid: { ...kinds.sid('WT'), required: true },
  reason: kinds.text,
  attributes: kinds.object,
  changes: kinds.operations,
  id: kinds.changeId,
  onFlushFailure: kinds.words('fail', 'continue'),
};

const together = (values) => changeGiven(values, { required: false });

async function work(invocation, { attributes, changes, onFlushFailure, ...values }) {
  const goesOn = onFlushFailure === 'continue';
  const request = { ...values, change: attributes ?? changes, goesOn };
  return { ...(await completeTask(invocation, request)), taskSid: values.taskSid };
}

exports.handler = frontEnd({ members, together, work });
