/**
 * The attribute `applied_changes`: which changes a task's attributes already hold. Pure.
 *
 * After an answer was lost, only the task itself can say whether the write happened. A change
 * that must not be applied twice therefore leaves an id in the attributes, in the same write.
 * Agreement: docs/task-attributes.md, The mark.
 */

'use strict';

const { createHash, randomInt } = require('node:crypto');

const load = (name) => require(Runtime.getFunctions()[`lib/${name}`].path);
const { textOf } = load('tasks/json-values');

const APPLIED_CHANGES = 'applied_changes';
const LIMIT = 4096; // Twilio's, for a task's attributes
const KEPT_MARKS = 24;
const LENGTH = 8;
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const MARK = /^[A-Za-z0-9]{8}$/;

/** Make an id for one write, at random. */
const newMark = () =>
  Array.from({ length: LENGTH }, () => LETTERS[randomInt(LETTERS.length)]).join('');

/** The mark of an id that a caller gave. */
const markOf = (id) => createHash('sha256').update(id, 'utf8').digest('hex').slice(0, LENGTH);

/**
 * Read the marks, oldest first; what is no mark, somebody else put there, is left out.
 *
 * @param {Map} attributes
 * @returns {string[]}
 */
function marksIn(attributes) {
  const found = attributes.get(APPLIED_CHANGES);
  if (!Array.isArray(found)) return [];
  return found.filter((mark) => typeof mark === 'string' && MARK.test(mark));
}

/** The attributes as everybody but the writes themselves sees them. */
function withoutMarks(attributes) {
  const others = new Map(attributes);
  others.delete(APPLIED_CHANGES);
  return others;
}

/**
 * Count characters as Twilio does: one per code point, of the text as it is written.
 *
 * @param {Map} attributes
 * @returns {number}
 */
const lengthOf = (attributes) => [...textOf(attributes)].length;

/**
 * Put the marks of one write at the end of those that are there: at most the 24 newest, fewer
 * where the text would be too long. The oldest go first, the write's own stay in any case.
 *
 * @param {Map} attributes
 * @param {string[]} marks
 * @param {number} [limit] characters
 * @returns {Map}
 */
function withMarks(attributes, marks, limit = LIMIT) {
  const present = marksIn(attributes);
  const listed = [...new Set([...present, ...marks])];
  if (listed.length === 0) return attributes;
  const others = listed.filter((mark) => !marks.includes(mark));
  const bare = withoutMarks(attributes);
  for (let gone = Math.max(0, listed.length - KEPT_MARKS); ; gone += 1) {
    const surplus = others.slice(0, gone);
    const kept = listed.filter((mark) => !surplus.includes(mark));
    const result = new Map(bare);
    if (kept.length > 0) result.set(APPLIED_CHANGES, kept);
    if (gone >= others.length || lengthOf(result) <= limit) return result;
  }
}

/**
 * Say whether no mark can have given way: few are there, and half the room is free.
 *
 * @param {Map} attributes
 * @returns {boolean}
 */
const hasRoom = (attributes) =>
  marksIn(attributes).length < KEPT_MARKS && lengthOf(attributes) <= LIMIT / 2;

/**
 * Tell whether a write happened, from the marks before it and those now.
 *
 * @param {string} mark
 * @param {string[]} before
 * @param {string[]} now
 * @returns {boolean | null} null: the list was rolled over or overwritten, nobody can tell
 */
function wasApplied(mark, before, now) {
  if (now.includes(mark)) return true;
  // Marks are added at the end and give way from the front: a write after the newest of before
  // cannot be gone while that one is still there.
  if (before.length > 0) return now.includes(before.at(-1)) ? false : null;
  return now.length > 0 ? null : false;
}

module.exports = {
  APPLIED_CHANGES,
  LIMIT,
  hasRoom,
  lengthOf,
  markOf,
  marksIn,
  newMark,
  wasApplied,
  withMarks,
  withoutMarks,
};
