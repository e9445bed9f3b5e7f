/**
 * One hop of a lane: takes the lease, works through items within its time, saves how far it came.
 */

'use strict';

const { randomUUID } = require('node:crypto');

const load = (name) => require(Runtime.getFunctions()[`lib/${name}`].path);
const { isTerminal, laneName, recordName, shardName, sumLanes, timeText } = load('batch/documents');
const { readLanes } = load('batch/hand-over');
const { hasEnded, isLastShard, nextShard, openItems } = load('batch/lane');
const { recordItem, releaseLease, takeLease } = load('batch/lane');
const { applyItem } = load('batch/queue-plan');
const { updateQueues } = load('workers/update');

const ITEMS_AT_ONCE = 8;
const SAVE_EVERY_MS = 1000;
const CLOCKS_MS = 5_000; // how far Twilio's clock and the planner's may be apart

/** The hop may not go on; `status` is the answer's. Repeating it changes nothing. */
class Refused extends Error {
  constructor(status, message, options) {
    super(message, options);
    this.answer = status;
  }
}

/** The batch cannot be done at all; its record becomes `failed`. */
class BatchBroken extends Error {}

/** A hop in hand. Its lane's document is written only while the lease is ours. */
class LaneRun {
  /**
   * Take the lease.
   *
   * @param {import('../invocation.private.js').Invocation} invocation
   * @param {{batch: string, lane: number, generation: number}} message
   * @returns {Promise<LaneRun>}
   * @throws {Refused} 404 no such batch or lane, 409 ended already or not the next generation
   */
  static async begin(invocation, message) {
    const { batch, lane: number, generation } = message;
    const [document, record] = await Promise.all([
      invocation.documents.read(laneName(batch, number)),
      invocation.documents.read(recordName(batch)),
    ]);
    if (!document || !record) throw new Refused(404, `there is no lane ${number} of ${batch}`);
    if (isTerminal(record.data)) throw new Refused(409, `the batch is ${record.data.status}`);
    const startedAt = record.data.started_at;
    const claim = { generation, holder: randomUUID(), now: Date.now(), startedAt };
    const lane = takeLease(document.data, claim);
    if (typeof lane === 'string') throw new Refused(409, lane);
    const run = new LaneRun(invocation, message, lane, document.revision);
    run.laneCount = record.data.lanes;
    run.plannedAt = (lane.planned_at ?? Infinity) - CLOCKS_MS; // an event's plan is made again
    await run.save();
    return run;
  }

  constructor(invocation, { batch, lane: number }, lane, revision) {
    Object.assign(this, { invocation, batch, number, lane, revision });
    this.holder = lane.holder;
    this.begun = 0;
  }

  /** @returns {import('../sync-documents.private.js').SyncDocuments} */
  get documents() {
    return this.invocation.documents;
  }

  /**
   * Work through the shards until all items are done or the time is over.
   *
   * @returns {Promise<boolean>} whether all items are done
   * @throws {Refused} when the lease was lost or the batch was cancelled
   * @throws {BatchBroken} when a shard is gone
   */
  async work() {
    while (!hasEnded(this.lane)) {
      const shard = await this.#readShard();
      await this.#workShard(shard);
      if (openItems(this.lane, shard.items.length).length > 0) return false;
      if (isLastShard(this.lane)) return true;
      this.lane = nextShard(this.lane);
    }
    return true;
  }

  /**
   * Write the lane's document.
   *
   * @throws {Refused} when somebody else took the lane
   */
  async save() {
    const name = laneName(this.batch, this.number);
    this.savedAt = Date.now();
    try {
      this.revision = (await this.documents.update(name, this.lane, this.revision)).revision;
    } catch (error) {
      if (error.status !== 412) throw error;
      const document = await this.documents.read(name);
      if (!document || !this.#isOurs(document.data)) {
        throw new Refused(409, 'another function took the lane', { cause: error });
      }
      this.revision = document.revision; // our own write, whose answer was lost
    }
  }

  /** Save the lane without its lease: the next generation may take it. */
  async release() {
    this.lane = releaseLease(this.lane, Date.now());
    await this.save();
    await this.report();
  }

  /**
   * Bring the public record's counts up to date.
   *
   * @throws {Refused} when the batch was ended by somebody else
   */
  async report() {
    const name = recordName(this.batch);
    const sums = await this.sums();
    const record = await this.documents.amend(name, (data) =>
      isTerminal(data) ? null : { ...data, ...sums, status: 'running', updated_at: timeText() },
    );
    if (record === null) throw new Refused(404, `the record of ${this.batch} is gone`);
    if (isTerminal(record)) throw new Refused(409, `the batch is ${record.status}`);
  }

  /** Add up all lanes, this one as it is now. */
  async sums() {
    const lanes = await this.otherLanes();
    return sumLanes([this.lane, ...lanes]);
  }

  /** @returns {Promise<object[]>} the other lanes' data */
  async otherLanes() {
    if (this.laneCount === 1) return [];
    const lanes = await readLanes(this.documents, this.batch, this.laneCount);
    return lanes.filter(({ number }) => number !== this.number).map(({ lane }) => lane);
  }

  #isOurs({ generation, holder }) {
    const released = this.lane.holder === null && holder === null;
    return generation === this.lane.generation && (holder === this.holder || released);
  }

  async #readShard() {
    const number = this.lane.shards[this.lane.cursor.shard];
    const document = await this.documents.read(shardName(this.batch, number));
    if (document === null) throw new BatchBroken(`shard ${number} is gone`);
    return document.data;
  }

  async #workShard(shard) {
    const open = openItems(this.lane, shard.items.length);
    const runners = Array.from({ length: ITEMS_AT_ONCE }, () => this.#runItems(shard, open));
    const ended = await Promise.allSettled(runners);
    const failed = ended.find(({ status }) => status === 'rejected');
    if (failed) throw failed.reason;
  }

  // A hop always begins some items, so that a lane moves on however slow the rest is.
  async #runItems(shard, open) {
    while (open.length > 0 && (this.begun < ITEMS_AT_ONCE || this.invocation.hasTime())) {
      this.begun += 1;
      const item = open.shift();
      const result = await this.#runItem(shard, item);
      this.lane = recordItem(this.lane, { item, ...result });
      await this.#saveSometimes(open);
    }
  }

  async #runItem({ queues, items }, index) {
    const item = items[index];
    const attempts = this.invocation.itemAttempts(this.lane.attempts?.[index]);
    const { taskRouter } = this.invocation;
    const wanted = (held, copy) =>
      this.#isOutdated(copy) ? this.#askedFor(item[0], attempts) : applyItem(queues, item, held);
    const result = await updateQueues(taskRouter, item[0], { wanted, attempts, sorted: true });
    return { ...result, workerSid: item[0], used: attempts.used };
  }

  async #askedFor(workerSid, attempts) {
    const queues = await this.invocation.taskRouter.queuesOfWorker(workerSid, attempts);
    const { leaving = [] } = this.lane; // queues that are still there but about to be deleted
    return queues.filter((queue) => !leaving.includes(queue));
  }

  // The plan knows nothing of what was written to a worker since: its queues are asked for then.
  #isOutdated({ updatedAt }) {
    return this.lane.late || updatedAt.getTime() >= this.plannedAt;
  }

  // A lost lease or a cancelled batch empties the list, so that the other runners stop, too.
  async #saveSometimes(open) {
    if (this.saving || Date.now() - this.savedAt < SAVE_EVERY_MS) return;
    this.saving = true;
    try {
      await this.save();
      await this.report();
    } catch (error) {
      open.length = 0;
      throw error;
    } finally {
      this.saving = false;
    }
  }
}

module.exports = { BatchBroken, LaneRun, Refused };
