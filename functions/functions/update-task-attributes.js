/**
 * Changes a task's attributes for a front end, or keeps the change for the task's next update.
 *
 * Public, because browsers call it: the body's Token is checked instead
 * (docs/task-attributes.md, Function endpoints). Answers 200 `{outcome, taskSid, attributes?}`.
 */

'use strict';

const load = (name) => require(Runtime.getFunctions()[`lib/${name}`].path);
const { frontEnd } = load('front-end/handler');
const { changeGiven, kinds } = load('front-end/body');
const { toPlain } = load('tasks/json-values');
const { withoutMarks } = load('tasks/marks');
const { deferChange, updateTask } = load('tasks/update');

const members = {
  taskSid: { ...kinds.sid('WT'), required: true },
  attributes: kinds.object,
  changes: kinds.operations,
  deferred: kinds.flag,
  id: kinds.changeId,
};

const together = (values) => changeGiven(values, { required: true });

async function work(invocation, { taskSid, attributes, changes, deferred, id }) {
  const request = { change: attributes ?? changes, id };
  if (deferred) {
    await deferChange(invocation, taskSid, request);
    return { outcome: 'deferred', taskSid };
  }
  const result = await updateTask(invocation, taskSid, request, invocation.attempts());
  if (result.attributes === undefined) return { outcome: result.outcome, taskSid };
  return { outcome: result.outcome, taskSid, attributes: toPlain(withoutMarks(result.attributes)) };
}

exports.handler = frontEnd({ members, together, work });
