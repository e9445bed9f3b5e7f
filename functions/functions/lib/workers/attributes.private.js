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

const TOKENS = /"(?:[^"\\]|\\.)*"|[{}[\],]/g;
const MEMBER = /^\s*("(?:[^"\\]|\\.)*")\s*:\s*(.*?)\s*$/s;
const DEPTH = { '{': 1, '[': 1, '}': -1, ']': -1 };

// Cuts the text of a JSON object at the commas between its members.
function cutMembers(text) {
  const parts = [];
  let depth = 0;
  let start = text.indexOf('{') + 1;
  for (const { 0: token, index } of text.matchAll(TOKENS)) {
    depth += DEPTH[token] ?? 0;
    if (depth > 1 || (depth === 1 && token !== ',')) continue;
    parts.push(text.slice(start, index));
    start = index + 1;
  }
  return parts.filter((part) => part.trim() !== '');
}

// The members of a JSON object as they are written: JavaScript's numbers are not exact beyond
// 2^53 and its objects put keys such as "10" first, so values that are not ours stay text.
function membersOf(text) {
  const pairs = cutMembers(text).map((part) => part.match(MEMBER).slice(1));
  return new Map(pairs.map(([key, value]) => [JSON.parse(key), value]));
}

// Events carry slashes as `\/`, which would count as two characters.
const unescapeSlashes = (text) => text.replace(/\\(.)/gs, (pair, c) => (c === '/' ? c : pair));

function withMembers(text, values) {
  const members = membersOf(text);
  for (const [key, value] of Object.entries(values)) members.set(key, JSON.stringify(value));
  const written = [...members].map(([key, value]) => `${JSON.stringify(key)}:${value}`);
  return unescapeSlashes(`{${written.join(',')}}`);
}

const inForm = (queues) => queues.every((sid, index) => index === 0 || queues[index - 1] < sid);

/**
 * Put a set of queues into attributes. Every other key keeps its place and its value as written.
 *
 * @param {object} attributes not changed
 * @param {Iterable<string>} queues task queue SIDs in any order
 * @param {{sorted?: boolean, source?: string}} [options] sorted: the same set in another order is
 *   a change too; source: the text the attributes were read from
 * @returns {{text: string, characters: number} | null} null when there is nothing to change
 */
function withQueues(attributes, queues, { sorted = false, source } = {}) {
  const wanted = [...new Set(queues)].sort();
  const held = attributes.queues;
  if (holdsSet(held, wanted) && (!sorted || inForm(held))) return null;
  const ours = { queues: wanted, queues_digest: digest({ ...attributes, queues: wanted }) };
  const text = withMembers(source ?? JSON.stringify(attributes), ours);
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
