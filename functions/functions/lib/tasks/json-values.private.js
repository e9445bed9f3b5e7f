/**
 * JSON values that keep what JavaScript would lose.
 *
 * JavaScript's numbers are not exact beyond 2^53 and its objects put keys such as "10" first. So
 * an object is a Map here, a number is `{number: its text}`, and the other values are themselves.
 * A Map has no prototype that a key could reach. Whitespace and escapes are not kept: values are
 * written compact, with everything but ASCII unescaped.
 */

'use strict';

const DEEPEST = 100; // of what somebody sends; the same bound as the Python library's
const DEEPEST_READ = 1000; // far from where recursion ends
const KEY_SHOWN = 64;
const TOKENS = /[{}[\]]|"[^"\\]*(?:\\.[^"\\]*)*"|[^\s{}[\],:"]+/g;
const LITERALS = { true: true, false: false, null: null };
const NUMBER = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/i;
const WHOLE = /^-?\d+$/;

class Reader {
  constructor(text) {
    JSON.parse(text); // the tokens below are JSON's only where the text is JSON
    this.tokens = text.match(TOKENS);
    this.next = 0;
  }

  value(depth = 0) {
    if (depth > DEEPEST_READ) throw new SyntaxError(`nested more than ${DEEPEST_READ} deep`);
    const token = this.#take();
    if (token === '{') return this.#object(depth);
    if (token === '[') return this.#array(depth);
    if (token[0] === '"') return JSON.parse(token);
    return Object.hasOwn(LITERALS, token) ? LITERALS[token] : { number: token };
  }

  #object(depth) {
    const members = new Map();
    for (let key = this.#take(); key !== '}'; key = this.#take()) {
      members.set(JSON.parse(key), this.value(depth + 1));
    }
    return members;
  }

  #array(depth) {
    const items = [];
    while (this.tokens[this.next] !== ']') items.push(this.value(depth + 1));
    this.next += 1;
    return items;
  }

  #take() {
    return this.tokens[this.next++];
  }
}

/**
 * Read JSON text.
 *
 * @param {string} text
 * @returns {*} a value as this module keeps it
 * @throws {SyntaxError} for what is no JSON, or nested more than 1000 deep
 */
const readJson = (text) => new Reader(text).value();

/**
 * Say what JSON calls a value.
 *
 * @param {*} value
 * @returns {'null'|'boolean'|'number'|'string'|'array'|'object'}
 */
function typeName(value) {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (value instanceof Map) return 'object';
  return typeof value === 'object' ? 'number' : typeof value;
}

/**
 * Write a value: compact, non-ASCII unescaped, numbers as they were read.
 *
 * @param {*} value
 * @returns {string}
 */
function textOf(value) {
  switch (typeName(value)) {
    case 'object':
      return `{${[...value].map(([k, v]) => `${JSON.stringify(k)}:${textOf(v)}`).join(',')}}`;
    case 'array':
      return `[${value.map(textOf).join(',')}]`;
    case 'number':
      return value.number;
    default:
      return JSON.stringify(value);
  }
}

// A whole number beyond 2^53 may have been another one before JavaScript read it.
function exactNumber(number) {
  const doubtful = Number.isInteger(number) && !Number.isSafeInteger(number);
  return { number: String(number), ...(doubtful && { doubtful }) };
}

/**
 * Take over a value as JSON.parse returns it.
 *
 * @param {*} plain
 * @returns {*} at most one level deeper than `problemsOf` allows
 */
function fromPlain(plain, depth = 0) {
  if (typeof plain === 'number') return exactNumber(plain);
  if (plain === null || typeof plain !== 'object' || depth > DEEPEST) return plain ?? null;
  if (Array.isArray(plain)) return plain.map((item) => fromPlain(item, depth + 1));
  return new Map(Object.entries(plain).map(([key, item]) => [key, fromPlain(item, depth + 1)]));
}

/**
 * Make a plain value of it, for answers. Numbers lose what JavaScript cannot hold.
 *
 * @param {*} value
 * @returns {*}
 */
function toPlain(value) {
  switch (typeName(value)) {
    case 'object':
      return Object.fromEntries([...value].map(([key, item]) => [key, toPlain(item)]));
    case 'array':
      return value.map(toPlain);
    case 'number':
      return Number(value.number);
    default:
      return value;
  }
}

const isText = (text) => text.isWellFormed();

function* memberProblems(value, place, depth) {
  for (const [key, item] of value) {
    if (isText(key)) yield* problemsOf(item, `${place}.${key.slice(0, KEY_SHOWN)}`, depth + 1);
    else yield `${place}: has a key that is no text`;
  }
}

function* scalarProblems(value, place) {
  if (typeof value === 'string' && !isText(value)) yield `${place}: is no valid Unicode text`;
  if (typeName(value) !== 'number') return;
  // Python's integers have no end, and it keeps such in changes that are read here.
  const isKept = WHOLE.test(value.number) || Number.isFinite(Number(value.number));
  if (!isKept) yield `${place}: is a number JSON does not have`;
  if (value.doubtful) yield `${place}: is beyond 2^53, send a form body, which keeps such numbers`;
}

/**
 * Name whatever about a value cannot be written for others to read.
 *
 * @param {*} value
 * @param {string} place what the value is called
 * @returns {Iterable<string>} `place: what is wrong`, with keys but without values
 */
function* problemsOf(value, place, depth = 0) {
  if (depth > DEEPEST) {
    yield `${place}: is nested more than ${DEEPEST} deep`;
  } else if (value instanceof Map) {
    yield* memberProblems(value, place, depth);
  } else if (Array.isArray(value)) {
    for (const [n, item] of value.entries()) yield* problemsOf(item, `${place}[${n}]`, depth + 1);
  } else {
    yield* scalarProblems(value, place);
  }
}

// Equal for equal numbers, of any length: 1, 1.0 and 10e-1 are all `1e0`.
function canonicalNumber(text) {
  const [, sign, whole, fraction = '', exponent = '0'] = NUMBER.exec(text);
  const digits = (whole + fraction).replace(/^0+/, '');
  const significant = digits.replace(/0+$/, '');
  if (significant === '') return '0';
  const scale = Number(exponent) - fraction.length + digits.length - significant.length;
  return `${sign}${significant}e${scale}`;
}

/**
 * Compare as JSON does: 1 equals 1.0, true does not equal 1, the order of keys does not matter.
 *
 * @param {*} one
 * @param {*} other
 * @returns {boolean}
 */
function same(one, other) {
  const type = typeName(one);
  if (one === other) return true;
  if (type !== typeName(other)) return false;
  if (type === 'number') return canonicalNumber(one.number) === canonicalNumber(other.number);
  if (type === 'array')
    return one.length === other.length && one.every((v, n) => same(v, other[n]));
  if (type !== 'object' || one.size !== other.size) return false;
  return [...one].every(([key, value]) => other.has(key) && same(value, other.get(key)));
}

module.exports = { DEEPEST, fromPlain, problemsOf, readJson, same, textOf, toPlain, typeName };
