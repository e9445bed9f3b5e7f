/**
 * Documents of a Sync service whose data keep their numbers and the order of their keys.
 *
 * The same calls as Twilio's own `client.sync.v1.services(sid)` has for documents, so that
 * `SyncDocuments` works over either; here `data` is a value of `json-values`.
 */

'use strict';

const load = (name) => require(Runtime.getFunctions()[`lib/${name}`].path);
const { readJson, textOf, toPlain } = load('tasks/json-values');

const SERVICES = 'https://sync.twilio.com/v1/Services';

function refusal({ statusCode, body }) {
  let told;
  try {
    told = JSON.parse(body);
  } catch {
    told = null; // a page of something between Twilio and us
  }
  const message = told?.message ?? `[HTTP ${statusCode}] Sync's answer is not JSON`;
  return Object.assign(new Error(message), { status: statusCode, code: told?.code });
}

/** One Sync service. */
class ExactDocuments {
  /**
   * @param {{request: (options: object) => Promise<{statusCode: number, body: string}>}} client
   *   Twilio's client, with answers that are text
   * @param {string} serviceSid
   */
  constructor(client, serviceSid) {
    this.client = client;
    this.url = `${SERVICES}/${serviceSid}/Documents`;
    const create = (params) => this.#create(params);
    this.documents = Object.assign((name) => this.#document(name), { create });
  }

  #document(name) {
    const url = `${this.url}/${encodeURIComponent(name)}`;
    return {
      fetch: () => this.#ask('get', url),
      update: ({ data, ifMatch }) =>
        this.#ask('post', url, { Data: textOf(data) }, { 'If-Match': ifMatch }),
    };
  }

  #create({ uniqueName, data, ttl }) {
    const form = { UniqueName: uniqueName, Data: textOf(data), ...(ttl && { Ttl: ttl }) };
    return this.#ask('post', this.url, form);
  }

  async #ask(method, uri, data, headers = {}) {
    const answer = await this.client.request({ method, uri, data, headers: { ...headers } });
    if (answer.statusCode >= 300) throw refusal(answer);
    const body = readJson(answer.body);
    return {
      sid: toPlain(body.get('sid')),
      revision: toPlain(body.get('revision')),
      data: body.get('data'),
    };
  }
}

module.exports = { ExactDocuments };
