/**
 * What all endpoints of front ends have in common: origin, size, body, token, and the answer.
 *
 * Agreement: docs/task-attributes.md, Function endpoints. What is logged are names, statuses and
 * SIDs: never attributes, tokens, identities or messages that may quote a body.
 */

'use strict';

const load = (name) => require(Runtime.getFunctions()[`lib/${name}`].path);
const { Failure } = load('front-end/failures');
const { authenticate, checkOrigin, tokenOf } = load('front-end/access');
const { checkSize, readBody } = load('front-end/body');
const { FrontEndInvocation } = load('front-end/invocation');
const log = load('log');
const { reply } = load('reply');
const { OutOfTime, describeError, isRetryable } = load('retry');

const TWILIO_CHARACTERS = 300;
const INTERNAL = 'this could not be processed: see the log of the function';

function twilioFailure(error) {
  const passing = isRetryable(error) || isRetryable(error.cause ?? {});
  const message = describeError(error, TWILIO_CHARACTERS) + (error.kept ?? '');
  const retrySafe = passing && (error.retrySafe ?? true);
  return new Failure('twilio', message, { retrySafe, cause: error });
}

function failureOf(error) {
  if (error instanceof Failure) return error;
  if (error instanceof OutOfTime) {
    const message = `${error.message}; nothing or all of it was written${error.kept ?? ''}`;
    return new Failure('out-of-time', message, { retrySafe: error.retrySafe ?? true });
  }
  const answered = error.status !== undefined || isRetryable(error.cause ?? error);
  if (answered) return twilioFailure(error);
  const message = error.code === 'NOT_SET' ? error.message : INTERNAL;
  return new Failure('internal', message, { cause: error });
}

// The text of an error we did not expect may quote what was sent: only its kind is logged.
function logFailure(path, { name, answer, cause }) {
  const level = answer >= 500 ? 'error' : 'warn';
  const { status, code } = cause?.cause ?? cause ?? {};
  const kind = cause?.constructor.name;
  log[level]('front-end.refused', { path, name, answer, status, code, kind });
}

function answerOf(status, body, origin) {
  const answer = reply(status, body).appendHeader('Vary', 'Origin');
  return origin === undefined ? answer : answer.appendHeader('Access-Control-Allow-Origin', origin);
}

async function process(invocation, event, { members, together, work }) {
  checkSize(event);
  const token = tokenOf(event);
  const values = readBody(event, members, together);
  return work(invocation, values, await authenticate(invocation, token));
}

async function answer(endpoint, context, event) {
  let origin;
  try {
    const invocation = new FrontEndInvocation(context);
    origin = checkOrigin(event, invocation.settings.allowedOrigins);
    return answerOf(200, await process(invocation, event, endpoint), origin);
  } catch (error) {
    const failure = failureOf(error);
    logFailure(context.PATH, failure);
    const { name, message, retrySafe, more } = failure;
    return answerOf(failure.answer, { error: { name, message, retrySafe, ...more } }, origin);
  }
}

/**
 * Make the handler of an endpoint.
 *
 * @param {object} endpoint
 * @param {Record<string, object>} endpoint.members of its body: `kinds` of `front-end-body`
 * @param {(values: object) => string[]} [endpoint.together] problems of members that do not fit
 * @param {(invocation: FrontEndInvocation, values: object, person: object) => Promise<object>}
 *   endpoint.work gives the body of a 200; throws Failure for any other answer
 * @returns {Function} what Twilio calls
 */
exports.frontEnd = (endpoint) =>
  async function handler(context, event, callback) {
    callback(null, await answer(endpoint, context, event));
  };
