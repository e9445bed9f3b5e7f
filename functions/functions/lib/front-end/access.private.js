/**
 * Who may call a front end's endpoint: the page's origin, then the token and its roles.
 *
 * A preflight never reaches a function, Twilio's runtime answers it for every origin. So it is
 * the answer's own header that lets a page read it. Source: Functions, headers and cookies.
 */

'use strict';

const load = (name) => require(Runtime.getFunctions()[`lib/${name}`].path);
const { Failure } = load('front-end/failures');
const { OutOfTime, isRetryable } = load('retry');
const log = load('log');

const TOKEN_CHARACTERS = 8192;
const VALIDATOR_NAME = /^[a-z0-9-]{1,64}$/;

const spelled = (origin) => origin.toLowerCase().replace(/\/$/, '');

/**
 * Check where a request comes from.
 *
 * @param {object} event
 * @param {string[]} allowed origins
 * @returns {string | undefined} the origin to be named in the answer; undefined: no browser's
 * @throws {Failure} `forbidden`, for any other origin
 */
function checkOrigin(event, allowed) {
  const origin = event.request?.headers?.origin;
  if (origin === undefined) return undefined;
  if (typeof origin === 'string' && allowed.map(spelled).includes(spelled(origin))) return origin;
  throw new Failure('forbidden', 'pages of this origin may not call this: see ALLOWED_ORIGINS');
}

/**
 * Read the token of a request.
 *
 * @param {object} event
 * @returns {string}
 * @throws {Failure} `unauthenticated` when there is none
 */
function tokenOf(event) {
  const token = Object.hasOwn(event, 'Token') ? event.Token : undefined;
  if (typeof token === 'string' && token !== '' && token.length <= TOKEN_CHARACTERS) return token;
  throw new Failure('unauthenticated', 'the body has no Token');
}

function validatorOf(name) {
  const functions = Runtime.getFunctions();
  const path = `lib/token-validators/${name}`;
  if (VALIDATOR_NAME.test(name) && Object.hasOwn(functions, path)) {
    return require(functions[path].path);
  }
  const message = `TOKEN_VALIDATOR names no private function ${path}: deploy it, or correct it`;
  throw Object.assign(new Error(message), { code: 'NOT_SET' });
}

const isPassing = (error) => error instanceof OutOfTime || isRetryable(error.cause ?? error);

/**
 * Have a token checked.
 *
 * @param {import('./invocation.private.js').FrontEndInvocation} invocation
 * @param {string} token
 * @returns {Promise<{identity: string, workerSid: string | null, roles: string[]}>}
 * @throws {Failure} `unauthenticated` when it is not valid, `forbidden` without a role that may
 * @throws {Error} when it could not be checked; safe to repeat
 */
async function authenticate(invocation, token) {
  const { allowedRoles, tokenValidator } = invocation.settings;
  const { validate } = validatorOf(tokenValidator);
  let person;
  try {
    const check = () => validate(invocation.boundContext, token);
    person = await invocation.attempts().run('check the token', check);
  } catch (error) {
    if (isPassing(error)) throw error;
    const { status, code } = error;
    log.warn('token.refused', { status, code });
    const message = 'the token is not valid: sign in again';
    throw new Failure('unauthenticated', message, { cause: error });
  }
  if (person.roles.some((role) => allowedRoles.includes(role))) return person;
  const wanted = allowedRoles.join(', ');
  throw new Failure('forbidden', `none of the token's roles may do this, one of ${wanted} may`);
}

module.exports = { authenticate, checkOrigin, tokenOf };
