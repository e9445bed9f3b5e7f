/**
 * One request of a front end: its settings, its clients and its time.
 *
 * Twilio ends a function 10 s after it started and may freeze it after its answer, so every
 * connection is closed by then: nothing is left running behind the answer.
 */

'use strict';

const load = (name) => require(Runtime.getFunctions()[`lib/${name}`].path);
const { DeferredChanges } = load('tasks/deferred-changes');
const { ExactDocuments } = load('tasks/exact-documents');
const { Attempts, OutOfTime } = load('retry');
const { readSettings } = load('settings');
const { SyncDocuments } = load('sync-documents');
const { Tasks } = load('tasks/requests');

const REQUEST_TIMEOUT_MS = 5000;
const CLOSING_MS = 20; // a connection is closed that long before the time is over

let connections; // kept while Twilio keeps the container

// Twilio's own HTTP client, whose answers stay text: numbers in them are not to be rounded.
function sharedConnections() {
  if (connections === undefined) {
    connections = new Twilio.RequestClient({ timeout: REQUEST_TIMEOUT_MS });
    connections.axios.defaults.transformResponse = [(text) => text];
  }
  return connections;
}

/** What the parts of one request share. Clients are made when first asked for. */
class FrontEndInvocation {
  /** @param {object} context Twilio's context */
  constructor(context) {
    this.context = context;
    this.settings = readSettings(context);
    this.end = Date.now() + this.settings.frontEndBudgetMs;
  }

  /**
   * Give one piece of work its attempts.
   *
   * @param {number} [reservedMs] end that much earlier, for what comes after it
   * @returns {Attempts}
   */
  attempts(reservedMs = 0) {
    return new Attempts(this.settings.retry, this.end - reservedMs);
  }

  /** @returns {Tasks} */
  get tasks() {
    const { workspaceSid } = this.settings;
    this.tasksClient ??= new Tasks(this.client.taskrouter.v1.workspaces(workspaceSid));
    return this.tasksClient;
  }

  /** @returns {DeferredChanges} */
  get deferred() {
    const { retry, syncServiceSid } = this.settings;
    this.deferredClient ??= new DeferredChanges(
      new SyncDocuments(
        new ExactDocuments(this.client, syncServiceSid),
        () => new Attempts({ ...retry, limit: Infinity }, this.end),
      ),
    );
    return this.deferredClient;
  }

  /** Twilio's client, whose requests end before the time is over and whose answers are text. */
  get client() {
    this.twilioClient ??= this.context.getTwilioClient({
      httpClient: { request: (options) => this.#request(options) },
    });
    return this.twilioClient;
  }

  /** Twilio's context for code that is not ours: its client is the one above. */
  get boundContext() {
    return Object.create(this.context, { getTwilioClient: { value: () => this.client } });
  }

  async #request(options) {
    const left = this.end - CLOSING_MS - Date.now();
    if (left <= 0) throw new OutOfTime(options.method);
    const timeout = Math.min(REQUEST_TIMEOUT_MS, left);
    return sharedConnections().request({ ...options, timeout });
  }
}

module.exports = { FrontEndInvocation };
