/**
 * Attempts at Twilio's API: which failures are worth another one, how long to wait, when to stop.
 *
 * The wait is drawn evenly from 0 to min(maximum, minimum * 2^n) ("full jitter"), so that lanes
 * refused together do not come back together.
 */

'use strict';

const DROPPED = new Set([
  'ECONNRESET',
  'ECONNREFUSED',
  'ECONNABORTED',
  'ETIMEDOUT',
  'EPIPE',
  'EAI_AGAIN',
  'ENOTFOUND',
  'ERR_NETWORK',
  'ERR_BAD_RESPONSE',
]);
const FREE_RACES = 3; // lost ones that are followed up at once
const REASON_CHARACTERS = 110; // 50 of them fit into a document of 10 KiB

/** All attempts were used up; `cause` is the last failure. Not worth repeating at once. */
class GaveUp extends Error {
  constructor(what, attempts, cause) {
    super(`${what}: ${describeError(cause)}, after ${attempts} attempts`, { cause });
    this.status = cause.status;
  }
}

/** The invocation's time ran out first; the same call may well succeed in the next one. */
class OutOfTime extends Error {
  constructor(what) {
    super(`${what}: no time left in this invocation`);
    this.code = 'OUT_OF_TIME';
  }
}

/**
 * Say whether a failure may pass by itself: 429, 5xx, a dropped or timed out connection.
 *
 * @param {{status?: number, code?: string|number}} error
 * @returns {boolean}
 */
function isRetryable({ status, code }) {
  if (typeof status === 'number') return status === 429 || status >= 500;
  return DROPPED.has(code);
}

/**
 * Describe a failure in one short line, without anything that was sent.
 *
 * @param {Error & {status?: number, code?: string|number}} error
 * @param {number} [characters] at most that long
 * @returns {string}
 */
function describeError(error, characters = REASON_CHARACTERS) {
  const answered = typeof error.status === 'number' && !(error instanceof GaveUp);
  const code = answered && error.code ? ` (${error.code})` : '';
  const text = answered
    ? `Twilio answered ${error.status}${code}: ${error.message}`
    : error.message;
  return String(text).slice(0, characters);
}

/**
 * Draw the wait before retry number `retry` (1 is the first).
 *
 * @param {{minMs: number, maxMs: number}} limits
 * @param {number} retry
 * @param {() => number} [random] from 0 to 1
 * @returns {number} milliseconds
 */
function jitter({ minMs, maxMs }, retry, random = Math.random) {
  return random() * Math.min(maxMs, minMs * 2 ** (retry - 1));
}

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** The attempts one piece of work has, shared by all the calls it is made of. */
class Attempts {
  /**
   * @param {{limit: number, minMs: number, maxMs: number}} retry `limit` retries in all
   * @param {number} deadline epoch milliseconds no call or wait goes past
   * @param {number} [used] failures carried over from an earlier invocation
   */
  constructor(retry, deadline, used = 0) {
    this.retry = retry;
    this.deadline = deadline;
    this.used = used;
    this.lostRaces = 0;
  }

  /**
   * Run an operation until it succeeds or may not be repeated.
   *
   * @template T
   * @param {string} what for messages, such as `read worker WK…`
   * @param {() => Promise<T>} operation
   * @returns {Promise<T>}
   * @throws {GaveUp} after the last attempt
   * @throws {OutOfTime} when the deadline comes first
   * @throws {Error} whatever else the operation threw, at once
   */
  async run(what, operation) {
    for (;;) {
      try {
        return await this.#inTime(what, operation);
      } catch (error) {
        const late = error instanceof OutOfTime;
        if (!late && !isRetryable(error)) throw error;
        await this.failed(what, error);
      }
    }
  }

  /**
   * Count a failure and wait before the next attempt.
   *
   * @param {string} what
   * @param {Error} error
   * @throws {GaveUp} when it was the last one
   * @throws {OutOfTime} when the deadline comes before the end of the wait
   */
  async failed(what, error) {
    this.used += 1;
    if (this.used > this.retry.limit) throw new GaveUp(what, this.used, error);
    if (error instanceof OutOfTime) throw error;
    await this.#wait(what);
  }

  /**
   * Count a refused write (412). A few are normal and cost nothing; from then on each is a failure
   * that is waited after, so that a write that can never hold does not storm the API.
   *
   * @param {string} what
   * @param {Error & {status: number}} error
   * @throws {GaveUp | OutOfTime}
   */
  async lostRace(what, error) {
    this.lostRaces += 1;
    if (this.lostRaces <= FREE_RACES) return;
    await this.failed(what, error);
  }

  async #inTime(what, operation) {
    const left = this.deadline - Date.now();
    if (left <= 0) throw new OutOfTime(what);
    let timer;
    const limit = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new OutOfTime(what)), left);
    });
    try {
      return await Promise.race([operation(), limit]);
    } finally {
      clearTimeout(timer);
    }
  }

  async #wait(what) {
    const ms = jitter(this.retry, this.used);
    if (Date.now() + ms >= this.deadline) throw new OutOfTime(what);
    await sleep(ms);
  }
}

module.exports = { Attempts, GaveUp, OutOfTime, describeError, isRetryable, jitter, sleep };
