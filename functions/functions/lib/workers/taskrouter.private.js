/**
 * The calls to TaskRouter, each with its retries.
 *
 * Eligibility is Twilio's own answer: `Workers?TaskQueueSid=` and `TaskQueues?WorkerSid=`, which
 * are not among the filters limited to 3 requests a second. All pages are read, 1000 to a page;
 * a listing that fails throws and is never an empty list.
 */

'use strict';

const PAGE_SIZE = 1000;

const isMissing = (error) => error.status === 404 || error.status === 400;

/** One workspace, for one invocation. */
class TaskRouter {
  /**
   * @param {object} workspace `client.taskrouter.v1.workspaces(sid)`
   * @param {() => import('../retry.private.js').Attempts} newAttempts for calls that bring none
   */
  constructor(workspace, newAttempts) {
    this.workspace = workspace;
    this.newAttempts = newAttempts;
  }

  /**
   * List the workers who are eligible for a queue; none where the queue itself is gone.
   *
   * @param {string} queueSid
   * @returns {Promise<Set<string>>} worker SIDs
   * @throws {Error} when Twilio does not answer the listing
   */
  async eligibleWorkers(queueSid) {
    const params = { taskQueueSid: queueSid, pageSize: PAGE_SIZE };
    try {
      const workers = await this.#run(`list the workers of ${queueSid}`, () =>
        this.workspace.workers.list(params),
      );
      return new Set(workers.map((worker) => worker.sid));
    } catch (error) {
      if (isMissing(error) && (await this.#isGone('taskQueues', queueSid))) return new Set();
      throw error;
    }
  }

  /**
   * List all workers of the workspace.
   *
   * @returns {Promise<{sid: string, attributes: string | null}[]>}
   */
  async allWorkers() {
    const workers = await this.#run('list all workers', () =>
      this.workspace.workers.list({ pageSize: PAGE_SIZE }),
    );
    return workers.map(({ sid, attributes }) => ({ sid, attributes }));
  }

  /**
   * List the queues a worker is eligible for.
   *
   * @param {string} workerSid
   * @param {import('../retry.private.js').Attempts} [attempts]
   * @returns {Promise<string[]>} task queue SIDs
   * @throws {Error} `status` 404 when the worker is gone
   */
  async queuesOfWorker(workerSid, attempts) {
    const params = { workerSid, pageSize: PAGE_SIZE };
    try {
      const queues = await this.#run(
        `list the queues of ${workerSid}`,
        () => this.workspace.taskQueues.list(params),
        attempts,
      );
      return queues.map((queue) => queue.sid);
    } catch (error) {
      if (!isMissing(error) || !(await this.#isGone('workers', workerSid))) throw error;
      throw Object.assign(new Error(`worker ${workerSid} is gone`, { cause: error }), {
        status: 404,
      });
    }
  }

  /**
   * Read a worker's attributes and the version to write them back with.
   *
   * @param {string} workerSid
   * @param {import('../retry.private.js').Attempts} attempts
   * @returns {Promise<{attributes: string, version: string, updatedAt: Date}>} version is the ETag
   *   as sent
   * @throws {Error} `status` 404 when the worker is gone
   */
  async readWorker(workerSid, attempts) {
    const answer = await this.#run(
      `read worker ${workerSid}`,
      () => this.workspace.workers(workerSid).fetchWithHttpInfo(),
      attempts,
    );
    const { attributes, dateUpdated: updatedAt } = answer.body;
    const version = answer.headers.etag;
    // A write without a version would be unconditional and could undo somebody else's.
    if (!version) throw new Error(`worker ${workerSid} came without an ETag`);
    return { attributes, version, updatedAt };
  }

  /**
   * Write a worker's attributes if nobody wrote since `version`.
   *
   * @param {string} workerSid
   * @param {{text: string, version: string}} change
   * @param {import('../retry.private.js').Attempts} attempts
   * @throws {Error} `status` 412 when the worker has moved on, 404 when it is gone
   */
  async writeWorker(workerSid, { text, version }, attempts) {
    await this.#run(
      `update worker ${workerSid}`,
      () => this.workspace.workers(workerSid).update({ attributes: text, ifMatch: version }),
      attempts,
    );
  }

  async #isGone(collection, sid) {
    try {
      await this.#run(`read ${sid}`, () => this.workspace[collection](sid).fetch());
      return false;
    } catch (error) {
      if (error.status === 404) return true;
      throw error;
    }
  }

  #run(what, operation, attempts = this.newAttempts()) {
    return attempts.run(what, operation);
  }
}

module.exports = { TaskRouter };
