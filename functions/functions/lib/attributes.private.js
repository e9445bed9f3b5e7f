/**
 * A worker's attributes: the two keys that are ours, `queues` and `queues_digest`.
 *
 * `queues` is the sorted array of the SIDs of the task queues the worker is eligible for.
 * `queues_digest` says that `queues` was written together with exactly these other attributes:
 * 16 hexadecimal characters of SHA-256 over the canonical JSON of everything but itself.
 */

'use strict';

const { createHash } = require('node:crypto');

const MAX_CHARACTERS = 4096; // Twilio's limit for a worker's attributes

// UTF-8 order is code point order, which a plain JavaScript sort (UTF-16) is not.
const byCodePoint = (a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b));

/**
 * Write a JSON value in its canonical form: keys sorted by code point, no spaces.
 *
 * @param {*} value as JSON.parse returns it
 * @returns {string}
 */
function canonicalJson(value) {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  const members = Object.keys(value)
    .sort(byCodePoint)
    .map((key) => `${JSON.stringify(key)}:${canonicalJson(value[key])}`);
  return `{${members.join(',')}}`;
}

/**
 * Compute the digest of attributes; a `queues_digest` among them does not count.
 *
 * @param {object} attributes
 * @returns {string} 16 hexadecimal characters
 */
function digest(attributes) {
  const others = Object.entries(attributes).filter(([key]) => key !== 'queues_digest');
  const text = canonicalJson(Object.fromEntries(others));
  return createHash('sha256').update(text, 'utf8').digest('hex').slice(0, 16);
}

/**
 * Say whether `queues` was written together with the other attributes as they are now.
 *
 * @param {object} attributes
 * @returns {boolean}
 */
function hasRightDigest(attributes) {
  return Array.isArray(attributes.queues) && attributes.queues_digest === digest(attributes);
}

/**
 * Read attributes as Twilio sends them.
 *
 * @param {string} text JSON text
 * @returns {object}
 * @throws {Error} when the text is not a JSON object; repeating changes nothing
 */
function parseAttributes(text) {
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Error('the attributes are not JSON');
  }
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    throw new Error('the attributes are not a JSON object');
  }
  return value;
}

/**
 * Read the queues attributes hold; anything but an array of strings holds none.
 *
 * @param {object} attributes
 * @returns {string[]} task queue SIDs
 */
function heldQueues({ queues }) {
  return Array.isArray(queues) ? queues.filter((sid) => typeof sid === 'string') : [];
}

function holdsSet(queues, wanted) {
  if (!Array.isArray(queues) || queues.length !== wanted.length) return false;
  const held = new Set(queues);
  return held.size === wanted.length && wanted.every((sid) => held.has(sid));
}

const inForm = (queues) => queues.every((sid, index) => index === 0 || queues[index - 1] < sid);

/**
 * Put a set of queues into attributes. Every other key keeps its value and its place.
 *
 * @param {object} attributes not changed
 * @param {Iterable<string>} queues task queue SIDs in any order
 * @param {{sorted?: boolean}} [options] sorted: the same set in another order is a change too
 * @returns {{text: string, characters: number} | null} null when there is nothing to change
 */
function withQueues(attributes, queues, { sorted = false } = {}) {
  const wanted = [...new Set(queues)].sort();
  const held = attributes.queues;
  if (holdsSet(held, wanted) && (!sorted || inForm(held))) return null;
  const changed = { ...attributes, queues: wanted };
  const text = JSON.stringify({ ...changed, queues_digest: digest(changed) });
  return { text, characters: [...text].length };
}

module.exports = {
  MAX_CHARACTERS,
  canonicalJson,
  digest,
  hasRightDigest,
  heldQueues,
  parseAttributes,
  withQueues,
};
