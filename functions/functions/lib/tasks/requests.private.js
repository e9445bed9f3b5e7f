/**
 * The calls to one workspace's tasks and their reservations.
 *
 * A write whose answer is lost is not repeated here: whether it happened is for the caller to
 * find out, so such a failure comes back as a value.
 */

'use strict';

const load = (name) => require(Runtime.getFunctions()[`lib/${name}`].path);
const { Failure } = load('front-end/failures');
const { readJson } = load('tasks/json-values');
const { isRetryable } = load('retry');

function attributesOf(taskSid, text) {
  let attributes;
  try {
    attributes = readJson(text || '{}');
  } catch {
    attributes = null;
  }
  if (attributes instanceof Map) return attributes;
  throw new Failure(
    'conflict',
    `the attributes of task ${taskSid} are not a JSON object; they were left as they are; ` +
      'correct them',
  );
}

// 429 is refused before anything happens; source: Twilio's error 20429.
const isLost = (error) => isRetryable(error) && error.status !== 429;

/** The tasks of one workspace. */
class Tasks {
  /** @param {object} workspace `client.taskrouter.v1.workspaces(sid)` */
  constructor(workspace) {
    this.workspace = workspace;
  }

  /**
   * Read a task.
   *
   * @param {string} taskSid
   * @param {import('../retry.private.js').Attempts} attempts
   * @returns {Promise<{attributes: Map, version: string, status: string} | null>} version is the
   *   ETag as sent; null: there is no such task. Asking for attributes that are not a JSON object
   *   throws a Failure: `conflict`
   */
  async read(taskSid, attempts) {
    const answer = await this.#found(attempts, `read task ${taskSid}`, () =>
      this.workspace.tasks(taskSid).fetchWithHttpInfo(),
    );
    if (answer === null) return null;
    const version = answer.headers.etag;
    // A write without a version would be unconditional and could undo somebody else's.
    if (!version) throw new Error(`task ${taskSid} came without an ETag`);
    const { attributes, assignmentStatus: status } = answer.body;
    return {
      version,
      status,
      get attributes() {
        return attributesOf(taskSid, attributes);
      },
    };
  }

  /**
   * Write a task's attributes if nobody wrote since `version`.
   *
   * @param {string} taskSid
   * @param {{text: string, version: string}} change
   * @param {import('../retry.private.js').Attempts} attempts
   * @returns {Promise<Error | null>} the failure that leaves open whether it was written
   * @throws {Error} `status` 412 when the task has moved on, 404 when it is gone
   */
  write(taskSid, { text, version }, attempts) {
    return this.#once(attempts, `write task ${taskSid}`, () =>
      this.workspace.tasks(taskSid).update({ attributes: text, ifMatch: version }),
    );
  }

  /**
   * Complete a task.
   *
   * @param {string} taskSid
   * @param {string | undefined} reason
   * @param {import('../retry.private.js').Attempts} attempts
   * @returns {Promise<Error | null>} as `write`
   * @throws {Error} `code` 20001 when its status does not allow that, `status` 404 when it is gone
   */
  complete(taskSid, reason, attempts) {
    const params = { assignmentStatus: 'completed', ...(reason !== undefined && { reason }) };
    return this.#once(attempts, `complete task ${taskSid}`, () =>
      this.workspace.tasks(taskSid).update(params),
    );
  }

  /**
   * Read a reservation.
   *
   * @param {string} taskSid
   * @param {string} reservationSid
   * @param {import('../retry.private.js').Attempts} attempts
   * @returns {Promise<{workerSid: string, status: string} | null>} null: there is none
   */
  async readReservation(taskSid, reservationSid, attempts) {
    const found = await this.#found(attempts, `read reservation ${reservationSid}`, () =>
      this.workspace.tasks(taskSid).reservations(reservationSid).fetch(),
    );
    return found && { workerSid: found.workerSid, status: found.reservationStatus };
  }

  /**
   * Accept a reservation.
   *
   * @param {string} taskSid
   * @param {string} reservationSid
   * @param {import('../retry.private.js').Attempts} attempts
   * @returns {Promise<Error | null>} as `write`
   * @throws {Error} `status` 410 when it ended before, 400 when its status does not allow it
   */
  accept(taskSid, reservationSid, attempts) {
    const params = { reservationStatus: 'accepted' };
    return this.#once(attempts, `accept reservation ${reservationSid}`, () =>
      this.workspace.tasks(taskSid).reservations(reservationSid).update(params),
    );
  }

  async #found(attempts, what, operation) {
    try {
      return await attempts.run(what, operation);
    } catch (error) {
      if (error.status === 404) return null;
      throw error;
    }
  }

  #once(attempts, what, operation) {
    return attempts.run(what, async () => {
      try {
        await operation();
        return null;
      } catch (error) {
        if (isLost(error)) return error;
        throw error;
      }
    });
  }
}

module.exports = { Tasks };
