/**
 * Bodies of front ends' requests: JSON objects, or forms whose values that are not text are JSON.
 *
 * Twilio's runtime has made members of `event` of them; what such a member is called or holds is
 * up to whoever sent it. All problems of a body are said at once, without any of its values.
 */

'use strict';

const load = (name) => require(Runtime.getFunctions()[`lib/${name}`].path);
const { Failure } = load('front-end/failures');
const { fromPlain, problemsOf, readJson } = load('tasks/json-values');
const { changeProblems, readChange } = load('tasks/change');

const LIMIT_BYTES = 16 * 1024;
const TEXT_CHARACTERS = 1024;
const KEY_SHOWN = 64;
const RESERVED = new Set(['request', 'Token']); // Twilio's own member, and the one read before

const CONTENT_TYPE = /^\s*application\/(json|x-www-form-urlencoded)\s*(?:;|$)/i;

const header = (event, name) => {
  const value = event.request?.headers?.[name];
  return typeof value === 'string' ? value : undefined;
};

// A body may hold a member `request`, which replaces Twilio's own.
const isTampered = ({ request }) =>
  [request ?? {}, request?.headers ?? {}].some((part) => typeof part !== 'object');

function sizeOf(event) {
  const { request: _, ...body } = event;
  try {
    return Buffer.byteLength(JSON.stringify(body));
  } catch {
    return Infinity; // nested too deep to be written
  }
}

/**
 * Refuse a body that is too large, by what it says of itself and by what became of it.
 *
 * @param {object} event
 * @throws {Failure} `too-large`
 */
function checkSize(event) {
  const said = Number(header(event, 'content-length') ?? 0);
  if (said <= LIMIT_BYTES && sizeOf(event) <= LIMIT_BYTES) return;
  throw new Failure('too-large', `the body is larger than ${LIMIT_BYTES} bytes`);
}

const refuse = (problem) => ({ problems: [problem] });

/** A text that a regular expression describes. */
const matching = (pattern, described) => ({
  read: (value) =>
    typeof value === 'string' && pattern.test(value) ? { value } : refuse(`must be ${described}`),
});

const sid = (prefix) =>
  matching(new RegExp(`^${prefix}[0-9a-f]{32}$`), `a SID: ${prefix} and 32 of 0-9 and a-f`);

const words = (...allowed) =>
  matching(new RegExp(`^(?:${allowed.join('|')})$`), `one of ${allowed.join(', ')}`);

const text = {
  read: (value) =>
    typeof value === 'string' && value !== '' && value.length <= TEXT_CHARACTERS
      ? { value }
      : refuse(`must be a text of 1 to ${TEXT_CHARACTERS} characters`),
};

const flag = {
  isJson: true,
  read: (value) => (typeof value === 'boolean' ? { value } : refuse('must be true or false')),
};

const object = {
  isJson: true,
  read: (value, name) => {
    if (!(value instanceof Map)) return refuse('must be an object');
    const problems = [...problemsOf(value, name)];
    return problems.length > 0 ? { problems, placed: true } : { value: readChange(value) };
  },
};

const operations = {
  isJson: true,
  read: (value, name) => {
    if (!Array.isArray(value)) return refuse('must be a list of operations');
    const problems = [...changeProblems(value, name)];
    return problems.length > 0 ? { problems, placed: true } : { value: readChange(value) };
  },
};

/** The kinds of members a body may have. `read(value, name)` gives `value` or `problems`. */
const kinds = {
  changeId: matching(/^[A-Za-z0-9-]{1,36}$/, '1 to 36 of A-Z, a-z, 0-9 and -'),
  flag,
  object,
  operations,
  sid,
  text,
  words,
};

function valueOf(raw, kind, isForm) {
  if (!kind.isJson) return { raw };
  if (!isForm) return { raw: fromPlain(raw) };
  try {
    return { raw: readJson(typeof raw === 'string' ? raw : '') };
  } catch {
    return { broken: true };
  }
}

function readMember(name, raw, { kind, isForm }) {
  const found = valueOf(raw, kind, isForm);
  if (found.broken) return { problems: [`${name}: must be JSON text`] };
  const { value, problems = [], placed } = kind.read(found.raw, name);
  return { value, problems: placed ? problems : problems.map((p) => `${name}: ${p}`) };
}

function* shapeProblems(event, members) {
  if (isTampered(event)) yield 'request: is not a member of this body';
  const type = header(event, 'content-type') ?? '';
  if (!CONTENT_TYPE.test(type)) yield 'body: must be application/json or a form';
  for (const name of Object.keys(event)) {
    if (RESERVED.has(name) || Object.hasOwn(members, name)) continue;
    yield `${JSON.stringify(name.slice(0, KEY_SHOWN))}: is not known here`;
  }
  for (const [name, { required }] of Object.entries(members)) {
    if (required && !Object.hasOwn(event, name)) yield `${name}: is missing`;
  }
}

/**
 * Read a body.
 *
 * @param {object} event
 * @param {Record<string, object>} members the kind of each, with `required`
 * @param {(values: object) => string[]} [together] problems of members that do not fit each other
 * @returns {object} the members that are there, changes as lists of operations
 * @throws {Failure} `invalid`, with all problems
 */
function readBody(event, members, together = () => []) {
  const problems = [...shapeProblems(event, members)];
  const isForm = /urlencoded/i.test(header(event, 'content-type') ?? '');
  const values = {};
  for (const name of Object.keys(members).filter((key) => Object.hasOwn(event, key))) {
    const read = readMember(name, event[name], { kind: members[name], isForm });
    problems.push(...read.problems);
    values[name] = read.value;
  }
  problems.push(...together(values));
  if (problems.length === 0) return values;
  throw new Failure('invalid', `nothing was done: ${problems.join('; ')}`);
}

/**
 * Say what is wrong with a change that may be given as `attributes` or as `changes`.
 *
 * @param {object} values as `readBody` found them
 * @param {{required: boolean}} options
 * @returns {string[]}
 */
function changeGiven(values, { required }) {
  const count = Number('attributes' in values) + Number('changes' in values);
  if (count > 1) return ['attributes, changes: only one of them may be given'];
  return required && count === 0 ? ['attributes, changes: one of them is missing'] : [];
}

module.exports = { changeGiven, checkSize, kinds, readBody };
