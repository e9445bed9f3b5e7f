/**
 * Updates a task's attributes: what was deferred for it first, then the new change, in one write.
 *
 * Agreement: docs/task-attributes.md, Deferred changes.
 */

'use strict';

const load = (name) => require(Runtime.getFunctions()[`lib/${name}`].path);
const { randomUUID } = require('node:crypto');

const { Failure } = load('front-end/failures');
const { same } = load('tasks/json-values');
const log = load('log');
const { OutOfTime, describeError } = load('retry');
const { apply, isRepeatable } = load('tasks/change');
const { APPLIED_CHANGES, markOf, marksIn, newMark, withMarks } = load('tasks/marks');
const { TaskWrite } = load('tasks/write');

// An id that was given is always marked: the request may come again.
function ownStep({ change, id }) {
  if (change === undefined) return [];
  if (id !== undefined) return [{ change, mark: markOf(id) }];
  return [{ change, mark: isRepeatable(change) ? null : newMark() }];
}

// The marks are nobody's to change but the writes' own.
function withMarksOf(attributes, changed) {
  const result = new Map(changed);
  const marks = attributes.get(APPLIED_CHANGES);
  if (marks === undefined) result.delete(APPLIED_CHANGES);
  else result.set(APPLIED_CHANGES, marks);
  return result;
}

// A merge needs no mark by itself. Beside marked changes it does: their marks may come from
// somebody else who flushed the same, and do not say whether this write happened.
function marksOf(taken, sharedMark) {
  const marks = taken.map(({ mark }) => mark).filter((mark) => mark !== null);
  return marks.length > 0 && marks.length < taken.length ? [...marks, sharedMark] : marks;
}

// A batch without effect counts as well: left behind by a crash it would be applied again, after
// what is written now.
function stepping(steps, attributes) {
  const found = { result: attributes, taken: [], idle: [] };
  for (const step of steps) {
    const after = withMarksOf(attributes, apply(step.change, found.result));
    if (!same(after, found.result)) found.taken.push(step);
    else if (step.isBatch) found.idle.push(step);
    found.result = after;
  }
  return found;
}

// From the attributes as they are to those with all steps that they do not hold yet. The marks of
// batches that are there stay: their batches are not dropped yet.
const composing = (steps, sharedMark) => (attributes) => {
  const present = marksIn(attributes);
  const isHeld = ({ mark }) => present.includes(mark);
  const open = steps.filter((step) => !isHeld(step));
  const { result, taken, idle } = stepping(open, attributes);
  if (taken.length === 0) return null;
  const marks = marksOf([...idle, ...taken], sharedMark);
  if (marks.length === 0) return { attributes: result, marks };
  const pinned = steps.filter(isHeld).map(({ mark }) => mark);
  return { attributes: withMarks(result, [...pinned, ...marks]), marks };
};

const kept = (count) =>
  `; what was deferred for the task is kept (${count} ${count === 1 ? 'change' : 'changes'})`;

// `twilio` says that nobody can tell whether it was written, not even by an id: then only merges
// may be repeated.
function failureOf(error, { batches, steps, write, request }) {
  const count = batches.reduce((sum, batch) => sum + batch.count, 0);
  const more = count > 0 ? kept(count) : '';
  const { change, id } = request;
  const repeatable = change === undefined || id !== undefined || isRepeatable(change);
  if (error instanceof Failure) {
    const { name, message, retrySafe } = error;
    const isMerges = steps.every((step) => isRepeatable(step.change));
    const safe = retrySafe || (name === 'twilio' && isMerges);
    return new Failure(name, message + more, { retrySafe: safe, more: error.more, cause: error });
  }
  return Object.assign(error, { kept: more, retrySafe: repeatable || !write.uncertain });
}

// Dropping tidies up: what was written carries its marks, and the next update drops it again.
async function drop(invocation, taskSid, { batches, outcome }) {
  if (batches.length === 0 || outcome === 'gone') return;
  const ids = batches.map((batch) => batch.id);
  try {
    await invocation.deferred.drop(taskSid, ids);
  } catch (error) {
    if (outcome !== 'updated') throw error;
    log.warn('deferred.not-dropped', { task: taskSid, reason: describeError(error) });
  }
}

const take = (invocation, taskSid) =>
  invocation.settings.hasSync ? invocation.deferred.take(taskSid) : [];

// Without what somebody else wrote and dropped since it was taken: its mark may have given way
// before the attributes were read.
async function stillDue(steps, attributes, takeAgain) {
  const present = marksIn(attributes);
  if (steps.every((step) => !step.isBatch || present.includes(step.mark))) return steps;
  const kept = (await takeAgain()).map(({ id }) => id);
  return steps.filter((step) => !step.isBatch || kept.includes(step.mark));
}

/**
 * Write what was deferred for a task, and a change after it.
 *
 * @param {import('../front-end/invocation.private.js').FrontEndInvocation} invocation
 * @param {string} taskSid
 * @param {{change?: Map[], id?: string}} request change left out: only what was deferred
 * @param {import('../retry.private.js').Attempts} attempts
 * @returns {Promise<{outcome: 'updated'|'unchanged'|'gone', attributes?: Map}>} gone: what was
 *   deferred is kept
 * @throws {Failure | Error} everything deferred is kept, `retrySafe` tells whether the same
 *   request may be repeated
 */
async function updateTask(invocation, taskSid, request, attempts) {
  const batches = await take(invocation, taskSid);
  const steps = batches.map(({ id, change }) => ({ change, mark: id, isBatch: true }));
  steps.push(...ownStep(request));
  if (steps.length === 0) return { outcome: 'unchanged' };
  const write = new TaskWrite(invocation.tasks, taskSid, attempts);
  try {
    const sharedMark = newMark();
    const result = await write.run(async (attributes) => {
      const due = await stillDue(steps, attributes, () => take(invocation, taskSid));
      return composing(due, sharedMark)(attributes);
    });
    await drop(invocation, taskSid, { batches, outcome: result.outcome });
    return result;
  } catch (error) {
    throw failureOf(error, { batches, steps, write, request });
  }
}

/**
 * Keep a change for a task's next update.
 *
 * @param {import('../front-end/invocation.private.js').FrontEndInvocation} invocation
 * @param {string} taskSid
 * @param {{change: Map[], id?: string}} request
 * @throws {Failure | Error} `retrySafe` tells whether the same request may be repeated
 */
async function deferChange(invocation, taskSid, { change, id }) {
  try {
    await invocation.deferred.defer(taskSid, change, id ?? randomUUID());
  } catch (error) {
    if (!(error instanceof Failure)) {
      const passing = error instanceof OutOfTime || error.status === undefined;
      error.retrySafe = id !== undefined || isRepeatable(change) || !passing;
    }
    throw error;
  }
}

module.exports = { deferChange, updateTask };
