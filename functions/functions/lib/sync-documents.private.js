/** Documents of the stack's Sync service, by unique name. */

'use strict';

/** One Sync service, for one invocation. Every call has its own retries. */
class SyncDocuments {
  /**
   * @param {object} service `client.sync.v1.services(sid)`
   * @param {() => import('./retry.private.js').Attempts} newAttempts
   */
  constructor(service, newAttempts) {
    this.service = service;
    this.newAttempts = newAttempts;
  }

  /**
   * Read a document.
   *
   * @param {string} name
   * @returns {Promise<{sid: string, data: object, revision: string} | null>} null: none there
   */
  async read(name) {
    try {
      return await this.#run(`read ${name}`, () => this.service.documents(name).fetch());
    } catch (error) {
      if (error.status === 404) return null;
      throw error;
    }
  }

  /**
   * Create a document.
   *
   * @param {string} name
   * @param {object} data at most 10 KiB as JSON, so that its write rate stays Sync's usual one
   * @param {number} [ttl] seconds; left out: for ever
   * @returns {Promise<{sid: string, data: object, revision: string}>}
   * @throws {Error} `status` 409 when there is one
   */
  create(name, data, ttl) {
    const params = { uniqueName: name, data, ...(ttl && { ttl }) };
    return this.#run(`create ${name}`, () => this.service.documents.create(params));
  }

  /**
   * Replace a document's data if nobody did since `revision`.
   *
   * @param {string} name
   * @param {object} data
   * @param {string} revision
   * @returns {Promise<{sid: string, data: object, revision: string}>}
   * @throws {Error} `status` 412 when somebody did
   */
  update(name, data, revision) {
    return this.#run(`write ${name}`, () =>
      this.service.documents(name).update({ data, ifMatch: revision }),
    );
  }

  /**
   * Change a document through a function of its newest data, as often as others come between.
   *
   * @param {string} name
   * @param {(data: object) => object | null} change gets a copy; null leaves the document alone
   * @returns {Promise<object | null>} the data as it is now; null when there is no document
   */
  async amend(name, change) {
    const races = this.newAttempts();
    for (;;) {
      const document = await this.read(name);
      if (document === null) return null;
      const data = change(structuredClone(document.data));
      if (data === null) return document.data;
      try {
        return (await this.update(name, data, document.revision)).data;
      } catch (error) {
        if (error.status !== 412) throw error;
        await races.lostRace(`Sync document: write ${name}`, error);
      }
    }
  }

  /**
   * Change a document or create it.
   *
   * @param {string} name
   * @param {(data: object) => object} change gets `{}` where there is none yet
   * @param {number} [ttl] seconds, for a new one
   */
  async amendOrCreate(name, change, ttl) {
    while ((await this.amend(name, change)) === null) {
      try {
        await this.create(name, change({}), ttl);
        return;
      } catch (error) {
        if (error.status !== 409) throw error;
      }
    }
  }

  #run(what, operation) {
    return this.newAttempts().run(`Sync document: ${what}`, operation);
  }
}

module.exports = { SyncDocuments };
