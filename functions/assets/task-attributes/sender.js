/** Requests to the functions: which answers are final, which are worth another attempt. */

const TOO_LARGE = [413, 431];
// Signed out, too fast, or a deployment that lacks something: not the change's fault.
const MAY_PASS = [401, 429, 500];

/** The function's refusal, or that there was no answer. */
export class TaskAttributesError extends Error {
  /**
   * @param {string} name what kind: `invalid`, `unauthenticated`, `forbidden`, `conflict`, `gone`,
   *   `too-large`, `not-applicable`, `twilio`, `out-of-time`, `expired`, `unreachable`
   * @param {string} message
   * @param {{retrySafe: boolean, status?: number, kept?: boolean, reservationStatus?: string}}
   *   about `retrySafe`: the same call may be made again; `kept`: the change is in the outbox and
   *   goes out by itself; `reservationStatus`: how a reservation ended that cannot be accepted
   */
  constructor(name, message, { retrySafe, status, kept = false, reservationStatus }) {
    super(message);
    Object.assign(this, { name, retrySafe, status, kept, reservationStatus });
  }

  /** Make one of what the function, or another tab, has said. */
  static of({ name, message, ...about }) {
    return new TaskAttributesError(name, message, about);
  }
}

/** Sends JSON with a Flex token to the functions of one domain. */
export class Sender {
  #url;
  #token;
  #retry;

  /**
   * @param {string} url
   * @param {() => string | Promise<string>} token
   * @param {{minMs: number, maxMs: number, timeoutMs: number}} retry
   */
  constructor(url, token, retry) {
    this.#url = url;
    this.#token = token;
    this.#retry = retry;
  }

  /**
   * Send a body until there is an answer that is final.
   *
   * No answer, 429, 5xx that say so and what is no answer of the function are worth another
   * attempt, after a random wait (full jitter). A token that is not valid is asked for once more.
   *
   * @param {string} path
   * @param {object} body
   * @param {number} until epoch milliseconds
   * @param {() => void} [renew] called before each attempt
   * @returns {Promise<{answer?: object, error?: TaskAttributesError, isOpen?: boolean}>} `isOpen`:
   *   not final, the same body may be sent again
   */
  async send(path, body, until, renew = () => {}) {
    let hasNewToken = false;
    for (let attempt = 1; ; attempt += 1) {
      renew();
      const sent = await this.#attempt(path, body, attempt === 1);
      if (!sent.isOpen) return sent;
      const isToken = sent.error.name === 'unauthenticated';
      const wait = isToken ? 0 : this.#jitter(attempt);
      const isOver = isToken ? hasNewToken : isOffline() || Date.now() + wait >= until;
      if (isOver) return sent;
      hasNewToken ||= isToken;
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }

  async #attempt(path, body, isFirst) {
    const token = await this.#askToken();
    if (token instanceof TaskAttributesError) return { isOpen: true, error: token };
    let response;
    try {
      response = await fetch(this.#url + path, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ Token: token, ...body }),
        credentials: 'omit',
        keepalive: isFirst, // it outlives its page; browsers allow 64 KiB of such at a time
        signal: AbortSignal.timeout(this.#retry.timeoutMs),
      });
    } catch {
      return { isOpen: true, error: unreachable(path) };
    }
    return read(path, response);
  }

  async #askToken() {
    let timer;
    const late = new Promise((resolve) => {
      timer = setTimeout(() => resolve(unreachable('token()')), this.#retry.timeoutMs);
    });
    try {
      const token = await Promise.race([this.#token(), late]);
      if (token instanceof TaskAttributesError) return token;
      if (typeof token === 'string' && token !== '') return token;
    } catch {
      // what it threw may hold a token
    } finally {
      clearTimeout(timer);
    }
    return unauthenticated('token() gave no token: is somebody signed in?');
  }

  #jitter(attempt) {
    const { minMs, maxMs } = this.#retry;
    return Math.random() * Math.min(maxMs, minMs * 2 ** (attempt - 1));
  }
}

async function read(path, response) {
  const { status } = response;
  const body = await response.json().catch(() => null); // cut off, or not the function's
  if (response.ok && typeof body?.outcome === 'string') return { answer: body };
  const { name, ...said } = body?.error ?? {};
  if (typeof name !== 'string') return notOurs(path, status);
  const retrySafe = said.retrySafe === true;
  const error = TaskAttributesError.of({ ...said, name, retrySafe, status, kept: false });
  return { isOpen: error.retrySafe || MAY_PASS.includes(status), error };
}

/** What the platform or something on the way answered may change; what is too large stays so. */
function notOurs(path, status) {
  if (!TOO_LARGE.includes(status)) return { isOpen: true, error: unreachable(path, status) };
  const message = `${path}: the platform answered ${status}, the change is too large`;
  return { error: new TaskAttributesError('too-large', message, { retrySafe: false, status }) };
}

function unreachable(path, status) {
  const why = status === undefined ? 'no answer' : `${status}, which is no answer of the function`;
  return new TaskAttributesError('unreachable', `${path}: ${why}`, { retrySafe: true, status });
}

function unauthenticated(message) {
  return new TaskAttributesError('unauthenticated', message, { retrySafe: false });
}

const isOffline = () => globalThis.navigator?.onLine === false;
