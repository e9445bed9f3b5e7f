/**
 * Deferred changes in Sync documents: shared by the functions and every process that uses the
 * same service. One document a task, `deferred-<task SID>`; every write is conditional.
 */

'use strict';

const load = (name) => require(Runtime.getFunctions()[`lib/${name}`].path);
const rules = load('tasks/deferred-rules');

const KEPT_SECONDS = 1_209_600; // the longest a task may live; source: Task resource, Timeout

const nameOf = (taskSid) => `deferred-${taskSid}`;

/** The deferred changes of all tasks. Every method is safe to repeat. */
class DeferredChanges {
  /** @param {import('../sync-documents.private.js').SyncDocuments} documents of exact data */
  constructor(documents) {
    this.documents = documents;
  }

  /**
   * Keep one more change; once this returns, it is in the next batches taken.
   *
   * @param {string} taskSid
   * @param {Map[]} change
   * @param {string} changeId a change whose id is kept, or was flushed, is not kept again
   * @throws {Failure} `too-large`, or `conflict` when what is kept cannot be read
   */
  async defer(taskSid, change, changeId) {
    const deferring = (data) => {
      const document = data instanceof Map ? data : rules.emptyDocument(taskSid);
      return rules.defer(rules.checkedDocument(taskSid, document), change, changeId);
    };
    await this.documents.amendOrCreate(nameOf(taskSid), deferring, KEPT_SECONDS);
  }

  /**
   * Seal what is kept and read it; it stays kept until it is dropped.
   *
   * @param {string} taskSid
   * @returns {Promise<{id: string, change: Map[], count: number}[]>} oldest first
   * @throws {Failure} `conflict` when it cannot be read
   */
  async take(taskSid) {
    const sealing = (data) => rules.seal(rules.checkedDocument(taskSid, data));
    const document = await this.documents.amend(nameOf(taskSid), sealing);
    return document === null ? [] : rules.batchesIn(document);
  }

  /**
   * Forget batches that were written, remembering the ids of their changes.
   *
   * @param {string} taskSid
   * @param {string[]} ids of batches
   */
  async drop(taskSid, ids) {
    const dropping = (data) => rules.drop(rules.checkedDocument(taskSid, data), ids);
    await this.documents.amend(nameOf(taskSid), dropping);
  }
}

module.exports = { DeferredChanges };
