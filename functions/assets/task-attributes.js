/**
 * Change task attributes from a browser, without losing a change.
 *
 *     import { TaskAttributes } from 'https://<domain>/task-attributes.js';
 *     const tasks = new TaskAttributes({ url: 'https://<domain>', token: () => … });
 *     await tasks.updateTaskAttributes(taskSid, { outcome: 'sold' }, true); // deferred
 *     await tasks.completeTask(taskSid, 'sold');
 *
 * A change is put into the outbox before it is sent, and taken out when the function has answered
 * for good. What could not be sent goes out later with the same id: with the next call, when the
 * browser is online again, every minute, and when a page with this module is opened again. The
 * function knows the ids, so a change that is sent twice is applied once.
 */

import { Busy, exclusively } from './task-attributes/exclusively.js';
import { newId, Outbox } from './task-attributes/outbox.js';
import { Sender, TaskAttributesError } from './task-attributes/sender.js';

export { TaskAttributesError };

const PATHS = { update: '/update-task-attributes', complete: '/complete-task' };
const ACCEPT = '/accept-reservation';
const DEFAULTS = { patienceMs: 30_000, minMs: 100, maxMs: 3000, timeoutMs: 15_000 };
const AGAIN_MS = 60_000;
const MAX_AGE_MS = 1_209_600_000; // a task lives two weeks at most

/**
 * @typedef {object} Change one change of one task, as it is kept in the outbox
 * @property {string} id
 * @property {string} taskSid
 * @property {'update' | 'complete'} kind
 * @property {object} body what is sent, but for the token
 * @property {number} madeAt epoch milliseconds
 *
 * @typedef {object} Answer what the function answered; `kept` says that the change waits in the
 *   outbox and goes out by itself, `sent` that another tab has sent it and its answer was missed
 * @property {'updated'|'unchanged'|'gone'|'deferred'|'completed'|'accepted'|'kept'|'sent'} outcome
 * @property {string} taskSid
 * @property {object} [attributes] where they were written or unchanged
 */

/** Changes tasks' attributes, completes tasks and accepts reservations by the functions at `url`. */
export class TaskAttributes {
  #sender;
  #outbox;
  #retry;
  #onRefused;
  #waiting = new Map(); // change id -> how its caller's promise is settled
  #queued = new Map(); // task SID -> the round that has not begun yet
  #active = new Map(); // task SID -> the round that is under way
  #again = null;
  #isClosed = false;
  #online = () => void this.flush();

  /**
   * @param {object} options
   * @param {string} options.url `https://<domain>` of the functions
   * @param {() => string | Promise<string>} options.token gives the Flex token; asked again where
   *   the function takes the one it gave for expired
   * @param {(error: TaskAttributesError, change: Change) => void} [options.onRefused] told of each
   *   change that was refused for good and is given up, also one of an earlier page
   * @param {{patienceMs?: number, minMs?: number, maxMs?: number, timeoutMs?: number}}
   *   [options.retry] milliseconds: how long a call tries before it leaves its change in the
   *   outbox, bounds of the random waits in between, and how long one request, or `token`, may take
   */
  constructor({ url, token, onRefused = report, retry = {} }) {
    if (typeof url !== 'string' || typeof token !== 'function') {
      throw new TypeError('TaskAttributes needs url, a text, and token, a function');
    }
    this.#retry = { ...DEFAULTS, ...retry };
    this.#sender = new Sender(url.replace(/\/+$/, ''), token, this.#retry);
    this.#outbox = new Outbox(new URL(url).host);
    this.#onRefused = onRefused;
    globalThis.addEventListener?.('online', this.#online);
    void this.flush();
  }

  /** `localStorage`, or `memory` where the browser denies it: then a closed page loses changes. */
  get storage() {
    return this.#outbox.storage;
  }

  /**
   * Change a task's attributes.
   *
   * Changes of one task are sent in the order of the calls.
   *
   * @param {string} taskSid
   * @param {object | object[]} attributes a merge patch (RFC 7396: null removes a key, arrays
   *   replace), or a list of operations ({merge}, {append}, {remove})
   * @param {boolean} [deferred] keep the change for the next update that is not deferred, or for
   *   the end of the task, and write it with that
   * @returns {Promise<Answer>}
   * @throws {TaskAttributesError} refused for good, and given up unless `kept` is true
   * @throws {TypeError} at once, for a value that JSON does not have
   */
  updateTaskAttributes(taskSid, attributes, deferred = false) {
    const id = newId();
    const body = { ...given(attributes), deferred, id };
    return this.#deliver({ id, taskSid, kind: 'update', body });
  }

  /**
   * Complete a task; what was deferred for it is written first.
   *
   * @param {string} taskSid
   * @param {string} [reason]
   * @param {object} [options]
   * @param {object | object[]} [options.attributes] a last change, written with what was deferred
   * @param {'fail' | 'continue'} [options.onFlushFailure] whether to complete the task although
   *   its attributes could not be written; `fail` is the default
   * @returns {Promise<Answer>}
   * @throws {TaskAttributesError} refused for good, and given up unless `kept` is true
   */
  completeTask(taskSid, reason, { attributes, onFlushFailure } = {}) {
    const id = newId();
    const last = attributes && { ...given(attributes), id };
    const body = { reason: reason || undefined, onFlushFailure, ...last };
    return this.#deliver({ id, taskSid, kind: 'complete', body });
  }

  /**
   * Accept a reservation. It is now or never: nothing is kept in the outbox.
   *
   * @param {string} taskSid
   * @param {string} reservationSid
   * @returns {Promise<Answer>}
   * @throws {TaskAttributesError} `gone` where another worker was first; `unreachable` where no
   *   answer came, and the same call may be made again
   */
  async acceptReservation(taskSid, reservationSid) {
    const until = Date.now() + this.#retry.patienceMs;
    const sent = await this.#sender.send(ACCEPT, { taskSid, reservationSid }, until);
    if (sent.error) throw sent.error;
    return sent.answer;
  }

  /**
   * List what waits in the outbox, in the order it will be sent.
   *
   * @returns {Change[]}
   */
  pending() {
    return this.#outbox.all();
  }

  /**
   * Send what waits in the outbox.
   *
   * @returns {Promise<Change[]>} what still waits afterwards
   */
  async flush() {
    const tasks = this.#outbox.tasks();
    await Promise.all(tasks.flatMap((sid) => [this.#active.get(sid), this.#round(sid)]));
    return this.pending();
  }

  /** Stop sending by itself; what is in the outbox stays there. */
  close() {
    this.#isClosed = true;
    clearTimeout(this.#again);
    globalThis.removeEventListener?.('online', this.#online);
  }

  #deliver(change) {
    this.#outbox.put({ ...change, madeAt: Date.now() });
    const settled = new Promise((resolve, reject) => {
      this.#waiting.set(change.id, { resolve, reject });
    });
    this.#round(change.taskSid).then(() => this.#leave(change));
    for (const taskSid of this.#outbox.tasks()) {
      if (!this.#active.has(taskSid)) this.#round(taskSid);
    }
    return settled;
  }

  /** Send what waits for one task; a round that has not begun yet will send it as well. */
  #round(taskSid) {
    const queued = this.#queued.get(taskSid) ?? this.#newRound(taskSid);
    this.#queued.set(taskSid, queued);
    return queued;
  }

  async #newRound(taskSid) {
    const until = Date.now() + this.#retry.patienceMs;
    const work = async (renew) => {
      this.#active.set(taskSid, this.#queued.get(taskSid));
      this.#queued.delete(taskSid);
      await this.#drain(taskSid, until, renew);
    };
    try {
      const name = this.#outbox.nameOf(taskSid);
      await exclusively(name, until, this.#outbox, work);
    } catch (error) {
      this.#queued.delete(taskSid);
      if (!(error instanceof Busy)) report(error); // another tab is at it
    } finally {
      this.#active.delete(taskSid);
    }
    this.#later();
  }

  async #drain(taskSid, until, renew) {
    for (let change; (change = this.#outbox.first(taskSid));) {
      const sent = await this.#send(change, until, renew);
      if (sent.isOpen) {
        if (sent.error.name === 'unauthenticated') this.#settle(change, kept(sent));
        return;
      }
      this.#outbox.end(change, sent, this.#waiting.has(change.id));
      this.#settle(change, sent);
      if (sent.error) this.#tell(sent.error, change);
    }
  }

  async #send(change, until, renew) {
    if (Date.now() - change.madeAt > MAX_AGE_MS) return { error: expired(change) };
    const { taskSid, kind, body } = change;
    return this.#sender.send(PATHS[kind], { taskSid, ...body }, until, renew);
  }

  #settle({ id }, { answer, error }) {
    const caller = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error) caller?.reject(error);
    else caller?.resolve(answer);
  }

  /** Settle a change whose round is over and that was not answered in it. */
  #leave(change) {
    if (!this.#waiting.has(change.id)) return;
    const isKept = this.#outbox.has(change);
    const end = isKept ? undefined : this.#outbox.endElsewhere(change.id);
    const answer = { outcome: isKept ? 'kept' : 'sent', taskSid: change.taskSid };
    const error = end?.error && TaskAttributesError.of(end.error);
    this.#settle(change, { answer: end?.answer ?? answer, error });
  }

  #tell(error, change) {
    try {
      this.#onRefused(error, change);
    } catch (thrown) {
      report(thrown); // a mistake in the page must not stop what is sent after
    }
  }

  #later() {
    clearTimeout(this.#again);
    if (this.#isClosed || this.#outbox.tasks().length === 0) return;
    this.#again = setTimeout(() => this.flush(), AGAIN_MS);
    this.#again.unref?.();
  }
}

function given(attributes) {
  JSON.stringify(attributes, refuseNoNumber);
  return Array.isArray(attributes) ? { changes: attributes } : { attributes };
}

// JSON would make null of it, which removes the attribute.
function refuseNoNumber(key, value) {
  if (typeof value !== 'number' || Number.isFinite(value)) return value;
  throw new TypeError(`task attributes: ${key} is ${value}, which JSON does not have`);
}

function kept({ error }) {
  return { error: TaskAttributesError.of({ ...error, message: error.message, kept: true }) };
}

function report(error) {
  console.error(`task attributes: ${error.message}`);
}

function expired({ taskSid }) {
  const message = `a change of ${taskSid} waited for more than two weeks and is given up`;
  return new TaskAttributesError('expired', message, { retrySafe: false });
}
