/**
 * Writes a task's attributes without losing anybody else's change.
 *
 * Every write is conditional on the version it was computed from; after a lost race the task is
 * read and computed again at once, until the time is over. After a lost answer the task itself
 * says whether the write happened. Agreement: docs/task-attributes.md, A write.
 */

'use strict';

const load = (name) => require(Runtime.getFunctions()[`lib/${name}`].path);
const { Failure } = load('front-end/failures');
const { same, textOf } = load('tasks/json-values');
const { OutOfTime } = load('retry');
const { LIMIT, hasRoom, lengthOf, marksIn, wasApplied } = load('tasks/marks');

const LAST_ROUND_MS = 300;

function guarded(taskSid, attributes) {
  const characters = lengthOf(attributes);
  if (characters <= LIMIT) return attributes;
  throw new Failure(
    'too-large',
    `write task ${taskSid}: attributes would be ${characters} characters, Twilio's limit is ` +
      `${LIMIT}; nothing was sent; shorten them`,
  );
}

const numberOf = (version) => Number(/^(?:W\/)?"?(\d+)"?$/.exec(version)?.[1] ?? NaN);

// Whether a write is in the attributes, from its marks: they go together, and one of them alone
// may be of somebody else's write. Without marks it is one of merges, which is applied again.
function tellByMarks({ marks, before }, attributes) {
  const now = marksIn(attributes);
  if (before.length === 0 && now.length > 0 && hasRoom(attributes)) {
    // all marks there ever were are still there
    return marks.length > 0 && marks.every((mark) => now.includes(mark))
      ? 'written'
      : 'not written';
  }
  const told = marks.map((mark) => wasApplied(mark, before, now));
  if (told.length === 0 || told.includes(false)) return 'not written';
  return told.includes(null) ? 'unknown' : 'written';
}

// Whether the only write since is this one. Twilio may keep another spelling than it was sent; a
// mark is spelled in one way.
function isNext({ attributes, marks }, found) {
  const now = marksIn(found);
  return same(found, attributes) || (marks.length > 0 && marks.every((mark) => now.includes(mark)));
}

// What became of a write without an answer; 'open' while the version is the one it was for, when
// it may still happen.
function fateOf(sent, copy) {
  if (copy.version === sent.version) return 'open';
  if (numberOf(copy.version) === numberOf(sent.version) + 1) {
    return isNext(sent, copy.attributes) ? 'written' : 'not written';
  }
  return tellByMarks(sent, copy.attributes);
}

/** One write of one task, until it holds. */
class TaskWrite {
  /**
   * @param {import('./requests.private.js').Tasks} tasks
   * @param {string} taskSid
   * @param {import('../retry.private.js').Attempts} attempts
   */
  constructor(tasks, taskSid, attempts) {
    Object.assign(this, { tasks, taskSid, attempts, sent: null, raced: false });
    /** Whether a write may have happened that this has no answer to. */
    this.uncertain = false;
  }

  /**
   * Read, compute and write until it holds.
   *
   * @param {(attributes: Map) => object | null | Promise<object | null>} compose from the newest
   *   attributes to `{attributes: Map, marks: string[]}`, those to write and the marks they
   *   carry; null: nothing to change
   * @returns {Promise<{outcome: 'updated'|'unchanged'|'gone', attributes?: Map}>}
   * @throws {Failure} `too-large`, nothing sent; `conflict`, races lost until the time was over;
   *   `twilio`, nobody can tell whether it was written
   * @throws {OutOfTime | Error} whatever else the calls throw
   */
  async run(compose) {
    try {
      let ended = null;
      while (ended === null) ended = await this.#round(compose);
      return ended;
    } catch (error) {
      const lostRaces = error instanceof OutOfTime && this.raced && !this.uncertain;
      throw lostRaces ? this.#conflict(error) : error;
    }
  }

  async #round(compose) {
    const copy = await this.tasks.read(this.taskSid, this.attempts);
    if (copy === null) return { outcome: 'gone' };
    if (this.#happened(copy)) return { outcome: 'updated', attributes: copy.attributes };
    const wanted = await compose(copy.attributes);
    if (wanted === null) return { outcome: 'unchanged', attributes: copy.attributes };
    guarded(this.taskSid, wanted.attributes);
    return this.#write({ ...wanted, version: copy.version, before: marksIn(copy.attributes) });
  }

  #happened(copy) {
    if (this.sent === null) return false;
    const fate = fateOf(this.sent, copy);
    if (fate === 'open') return false;
    if (fate === 'unknown') throw this.#unknown(this.sent.error);
    this.sent = null;
    this.uncertain = false;
    return fate === 'written';
  }

  async #write(next) {
    const change = { text: textOf(next.attributes), version: next.version };
    try {
      const error = await this.#send(change);
      if (error === null) return { outcome: 'updated', attributes: next.attributes };
      this.sent = { ...next, error };
      await this.attempts.failed(`write task ${this.taskSid}`, error);
    } catch (error) {
      if (error.status === 404) return { outcome: 'gone' };
      if (error.status !== 412) throw error;
      this.raced = true;
      // A write that the end of the time cuts off leaves a doubt: none is begun just before it.
      if (this.attempts.deadline - Date.now() < LAST_ROUND_MS) throw this.#conflict(error);
    }
    return null;
  }

  // While it is under way nobody knows, and it may end with the time.
  async #send(change) {
    const before = this.uncertain;
    this.uncertain = true;
    try {
      const lost = await this.tasks.write(this.taskSid, change, this.attempts);
      this.uncertain = lost !== null;
      return lost;
    } catch (error) {
      if (!(error instanceof OutOfTime)) this.uncertain = before;
      throw error;
    }
  }

  #unknown(cause) {
    return new Failure(
      'twilio',
      `write task ${this.taskSid}: Twilio's answer was lost and the attributes no longer tell ` +
        'whether it was written; read the task before changing it again',
      { cause },
    );
  }

  #conflict(cause) {
    return new Failure(
      'conflict',
      `write task ${this.taskSid}: others wrote it each time first, until the time was over; ` +
        'nothing was written; repeat the request',
      { retrySafe: true, cause },
    );
  }
}

module.exports = { TaskWrite };
