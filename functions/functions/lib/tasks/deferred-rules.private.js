/**
 * Changes kept for a task until its next write: the rules over one task's document. Pure.
 *
 * A document is a value of `json-values`: `{task_sid, batches: [{id, sealed, changes,
 * operations}], done}`. A rule that has nothing to change gives null.
 * Agreement: docs/task-attributes.md, Deferred changes.
 */

'use strict';

const load = (name) => require(Runtime.getFunctions()[`lib/${name}`].path);
const { Failure } = load('front-end/failures');
const { textOf } = load('tasks/json-values');
const { changeProblems, fold, readChange } = load('tasks/change');
const { newMark } = load('tasks/marks');

// Sync takes 16 KiB, and limits documents from 10 KiB on to 2 writes a second.
const DOCUMENT_BYTES = 10 * 1024;
const REMEMBERED = 50;

const objectOf = (members) => new Map(Object.entries(members));
const areTexts = (value) => Array.isArray(value) && value.every((v) => typeof v === 'string');

/** The document of a task for which nothing was deferred yet. */
const emptyDocument = (taskSid) => objectOf({ task_sid: taskSid, batches: [], done: [] });

function isBatch(batch) {
  if (!(batch instanceof Map)) return false;
  const [id, sealed] = [batch.get('id'), batch.get('sealed')];
  const named = typeof id === 'string' && typeof sealed === 'boolean';
  const operations = batch.get('operations');
  if (!named || !areTexts(batch.get('changes')) || !Array.isArray(operations)) return false;
  return changeProblems(operations, '').next().done;
}

/**
 * Check what was read.
 *
 * @param {string} taskSid
 * @param {*} document
 * @returns {Map} the document
 * @throws {Failure} `conflict` when it has not the agreed shape
 */
function checkedDocument(taskSid, document) {
  const whole = document instanceof Map && document.get('task_sid') === taskSid;
  const batches = whole && document.get('batches');
  if (Array.isArray(batches) && batches.every(isBatch) && areTexts(document.get('done'))) {
    return document;
  }
  throw new Failure(
    'conflict',
    `deferred changes of ${taskSid} cannot be read; they were left as they are; ` +
      'correct them, or discard them',
  );
}

const batchesOf = (document) => document.get('batches');
const withBatches = (document, batches) => new Map(document).set('batches', batches);

function isKnown(document, changeId) {
  const kept = batchesOf(document).some((batch) => batch.get('changes').includes(changeId));
  return kept || document.get('done').includes(changeId);
}

function guarded(taskSid, document) {
  const length = Buffer.byteLength(textOf(document));
  if (length <= DOCUMENT_BYTES) return document;
  throw new Failure(
    'too-large',
    `deferred changes of ${taskSid} would be ${length} bytes, the limit is ${DOCUMENT_BYTES}; ` +
      'this change was not kept, what was deferred before it is; ' +
      'update the task without deferring, which writes what is kept as well',
  );
}

/**
 * Add a change to the open batch, or to a new one.
 *
 * @param {Map} document
 * @param {Map[]} change
 * @param {string} changeId
 * @returns {Map | null} null: a change of that id is kept, or was flushed
 * @throws {Failure} `too-large` beyond 10 KiB
 */
function defer(document, change, changeId) {
  if (isKnown(document, changeId)) return null;
  const sealed = batchesOf(document).filter((batch) => batch.get('sealed'));
  const open = batchesOf(document).find((batch) => !batch.get('sealed'));
  const before = open ?? objectOf({ id: newMark(), sealed: false, changes: [], operations: [] });
  const grown = new Map(before)
    .set('changes', [...before.get('changes'), changeId])
    .set('operations', fold(before.get('operations'), change));
  return guarded(document.get('task_sid'), withBatches(document, [...sealed, grown]));
}

/** Close the open batch, so that what is deferred from now on goes into another. */
function seal(document) {
  const batches = batchesOf(document);
  if (batches.every((batch) => batch.get('sealed'))) return null;
  return withBatches(
    document,
    batches.map((batch) => new Map(batch).set('sealed', true)),
  );
}

/**
 * List all batches, oldest first.
 *
 * @param {Map} document
 * @returns {{id: string, change: Map[], count: number}[]} count: of the changes in it
 */
function batchesIn(document) {
  return batchesOf(document).map((batch) => ({
    id: batch.get('id'),
    change: readChange(batch.get('operations')),
    count: batch.get('changes').length,
  }));
}

/** Take batches out, and remember the newest 50 ids of changes that were in such. */
function drop(document, ids) {
  const dropped = batchesOf(document).filter((batch) => ids.includes(batch.get('id')));
  if (dropped.length === 0) return null;
  const kept = batchesOf(document).filter((batch) => !ids.includes(batch.get('id')));
  const done = [...document.get('done'), ...dropped.flatMap((batch) => batch.get('changes'))];
  return withBatches(document, kept).set('done', done.slice(-REMEMBERED));
}

module.exports = { batchesIn, checkedDocument, defer, drop, emptyDocument, seal };
