/**
 * One invocation of a function: its settings, its clients and its time.
 *
 * Twilio ends a function 10 s after it started and may freeze it after its answer, so all calls
 * have a deadline and nothing is left running behind the answer.
 */

'use strict';

const load = (name) => require(Runtime.getFunctions()[`lib/${name}`].path);
const { Attempts } = load('retry');
const { readSettings } = load('settings');
const { SyncDocuments } = load('sync-documents');
const { TaskRouter } = load('workers/taskrouter');

const REQUEST_TIMEOUT_MS = 5000;
const CLOSING_MS = 1000; // after the budget: end the items in hand
const HAND_OVER_MS = 3000; // after the budget: save, hand over, see it confirmed

/** What the parts of one invocation share. Clients are made when first asked for. */
class Invocation {
  /** @param {object} context Twilio's context */
  constructor(context) {
    this.startedAt = Date.now();
    this.context = context;
    this.settings = readSettings(context);
    const { budgetMs } = this.settings;
    this.budgetEnd = this.startedAt + budgetMs;
    this.itemsEnd = this.budgetEnd + CLOSING_MS;
    this.end = this.budgetEnd + HAND_OVER_MS;
  }

  /** Say whether new work may be started. */
  hasTime() {
    return Date.now() < this.budgetEnd;
  }

  /**
   * Give one item its attempts; none goes past the time for items.
   *
   * @param {number} [used] failures in earlier invocations
   * @returns {Attempts}
   */
  itemAttempts(used = 0) {
    return new Attempts(this.settings.retry, this.itemsEnd, used);
  }

  /** @returns {TaskRouter} */
  get taskRouter() {
    const { workspaceSid } = this.settings;
    this.taskRouterClient ??= new TaskRouter(
      this.#client().taskrouter.v1.workspaces(workspaceSid),
      () => this.itemAttempts(),
    );
    return this.taskRouterClient;
  }

  /** @returns {SyncDocuments} */
  get documents() {
    const { retry, syncServiceSid } = this.settings;
    this.documentsClient ??= new SyncDocuments(
      this.#client().sync.v1.services(syncServiceSid),
      () => new Attempts({ ...retry, limit: Infinity }, this.end), // a chain outlives an outage
    );
    return this.documentsClient;
  }

  #client() {
    this.client ??= this.context.getTwilioClient({ timeout: REQUEST_TIMEOUT_MS });
    return this.client;
  }
}

module.exports = { Invocation };
