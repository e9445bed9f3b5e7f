/**
 * A change of task attributes: merge, append and remove, in order. Pure.
 *
 * Values are those of `json-values`. Nothing given is changed; results share with what was given
 * whatever the change does not touch. Agreement: docs/task-attributes.md, A change.
 */

'use strict';

const load = (name) => require(Runtime.getFunctions()[`lib/${name}`].path);
const { Failure } = load('front-end/failures');
const { DEEPEST, problemsOf, same, typeName } = load('tasks/json-values');

const KEY_SHOWN = 64;
const LISTED = new Set(['append', 'remove']);

const isListOf = (type, value) => Array.isArray(value) && value.every((v) => typeName(v) === type);

function* pathProblems(path, place) {
  if (!isListOf('string', path) || path.length === 0) {
    yield `${place}: must be a list of keys, at least one`;
    return;
  }
  if (path.length > DEEPEST) yield `${place}: is more than ${DEEPEST} keys long`;
  yield* problemsOf(path, place);
}

function* listedProblems(name, content, place) {
  const keys = content instanceof Map ? [...content.keys()].sort().join() : '';
  if (keys !== 'path,values') {
    yield `${place}.${name}: must be an object with path and values`;
    return;
  }
  yield* pathProblems(content.get('path'), `${place}.${name}.path`);
  const values = content.get('values');
  if (!Array.isArray(values)) yield `${place}.${name}.values: must be a list`;
  yield* problemsOf(values, `${place}.${name}.values`);
}

function* operationProblems(value, place) {
  if (!(value instanceof Map) || value.size !== 1) {
    yield `${place}: must be an object with one key: merge, append or remove`;
    return;
  }
  const [[name, content]] = value;
  if (LISTED.has(name)) {
    yield* listedProblems(name, content, place);
  } else if (name !== 'merge') {
    yield `${place}: must be one of merge, append and remove`;
  } else {
    if (!(content instanceof Map)) yield `${place}.merge: must be an object`;
    yield* problemsOf(content, `${place}.merge`);
  }
}

/**
 * Name whatever keeps a value from being a change. An object is a merge of that object.
 *
 * @param {*} value
 * @param {string} place what the value is called where it came from
 * @returns {Iterable<string>} `place: what is wrong`
 */
function* changeProblems(value, place) {
  if (value instanceof Map) {
    yield* problemsOf(value, place);
  } else if (!Array.isArray(value)) {
    yield `${place}: must be an object or a list of operations`;
  } else {
    for (const [n, item] of value.entries()) yield* operationProblems(item, `${place}[${n}]`);
  }
}

/**
 * Read a change that has no problems.
 *
 * @param {*} value
 * @returns {Map[]} operations in order, each a Map of one member
 */
const readChange = (value) => (value instanceof Map ? [new Map([['merge', value]])] : value);

const listed = (name, path, values) => new Map([[name, new Map(Object.entries({ path, values }))]]);

function merged(target, patch) {
  const result = new Map(target instanceof Map ? target : []);
  for (const [key, value] of patch) {
    if (value === null) result.delete(key);
    else result.set(key, value instanceof Map ? merged(result.get(key), value) : value);
  }
  return result;
}

const shown = (path) => path.map((key) => key.slice(0, KEY_SHOWN)).join('.');

function refuseAppend(path, reached, found) {
  const at = path.slice(0, reached);
  const wanted = reached === path.length ? 'a list' : 'an object';
  throw new Failure(
    'not-applicable',
    `cannot append to ${shown(path)}: ${shown(at)} is of type ${typeName(found)} where ` +
      `${wanted} is needed; nothing of this change was written; ` +
      'choose another path or set the attribute first',
  );
}

// What is there with the values added at the rest of the path below it.
function appended(there, path, reached, values) {
  const last = reached === path.length;
  const present = there ?? (last ? [] : new Map());
  if (typeName(present) !== (last ? 'array' : 'object')) refuseAppend(path, reached, present);
  if (last) return [...present, ...values];
  const key = path[reached];
  return new Map(present).set(key, appended(present.get(key), path, reached + 1, values));
}

// What is there without the values in the list at the rest of the path below it.
function removed(there, path, values) {
  if (path.length === 0) {
    if (!Array.isArray(there)) return there;
    return there.filter((item) => !values.some((value) => same(item, value)));
  }
  if (!(there instanceof Map) || !there.has(path[0])) return there;
  return new Map(there).set(path[0], removed(there.get(path[0]), path.slice(1), values));
}

function applyOne(attributes, operation) {
  const [[name, content]] = operation;
  if (name === 'merge') return merged(attributes, content);
  const [path, values] = [content.get('path'), content.get('values')];
  return name === 'append'
    ? appended(attributes, path, 0, values)
    : removed(attributes, path, values);
}

/**
 * Apply a change.
 *
 * @param {Map[]} change
 * @param {Map} attributes
 * @returns {Map} the attributes afterwards
 * @throws {Failure} `not-applicable`, where an append meets something else than a list
 */
const apply = (change, attributes) => change.reduce(applyOne, attributes);

// The patch that does both, null where there is none: a patch cannot say "replace whatever is
// there by this object", it would merge into an object that is there.
function composed(first, second) {
  const result = new Map(first);
  for (const [key, value] of second) {
    const both = value instanceof Map && first.has(key);
    const inner = both && first.get(key) instanceof Map ? composed(first.get(key), value) : null;
    if (both && inner === null) return null;
    result.set(key, both ? inner : value);
  }
  return result;
}

function together(one, following) {
  const [[name, content], [next, more]] = [...one, ...following];
  if (name === 'merge' && next === 'merge') {
    const patch = composed(content, more);
    return patch && new Map([['merge', patch]]);
  }
  const onePath = name === 'append' && next === 'append';
  if (!onePath || !same(content.get('path'), more.get('path'))) return null;
  return listed('append', content.get('path'), [...content.get('values'), ...more.get('values')]);
}

// What stayed apart may fold once nothing keeps it apart.
function foldOnto(folded, operation) {
  const both = folded.length > 0 ? together(folded.at(-1), operation) : null;
  return both ? foldOnto(folded.slice(0, -1), both) : [...folded, operation];
}

/**
 * Fold two changes into one with the effect of the first and then the second.
 *
 * @param {Map[]} first
 * @param {Map[]} second
 * @returns {Map[]}
 */
const fold = (first, second) => [...first, ...second].reduce(foldOnto, []);

/** Say whether applying a change twice ends in the same attributes: merges only. */
const isRepeatable = (change) => change.every((operation) => operation.has('merge'));

module.exports = { apply, changeProblems, fold, isRepeatable, readChange };
