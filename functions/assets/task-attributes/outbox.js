/**
 * What waits to be sent: one `localStorage` key per change, so that tabs do not overwrite each
 * other's. The key holds what puts changes in order:
 *
 *     task-attributes|<domain>|change|<task SID>|<time, 15 digits>|<change id>
 */

const PREFIX = 'task-attributes';
const DIGITS = 15;
const ANSWER_KEPT_MS = 60_000;

/** Make an id: 36 characters of [0-9a-f-]. */
export function newId() {
  if (globalThis.crypto.randomUUID) return globalThis.crypto.randomUUID();
  const bytes = globalThis.crypto.getRandomValues(new Uint8Array(16)); // pages without TLS
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Changes, and answers to changes of other tabs. Where storage is denied, in memory. */
export class Outbox {
  #memory = new Map();
  #durable;
  #prefix;
  #isFull = false;
  #last = 0;

  /** @param {string} domain whose functions the changes are for */
  constructor(domain) {
    this.#prefix = `${PREFIX}|${domain}`;
    this.#durable = durableStorage();
    if (!this.#durable) this.#warn();
    this.#forgetAnswers();
  }

  /** @returns {'localStorage' | 'memory'} where changes are kept from now on */
  get storage() {
    return this.#durable && !this.#isFull ? 'localStorage' : 'memory';
  }

  /** Name a task's lock. */
  nameOf(taskSid) {
    return `${this.#prefix}|lock|${taskSid}`;
  }

  /** Keep a change, behind all others of its task. */
  put(change) {
    const key = `${this.#keys(change.taskSid)}${this.#next(change.taskSid)}|${change.id}`;
    this.set(key, JSON.stringify(change));
  }

  /** Find the change of a task that is to be sent next. */
  first(taskSid) {
    return this.#changes(this.#keys(taskSid))[0];
  }

  /** List all changes, tasks in no order, changes of one task in theirs. */
  all() {
    return this.#changes(`${this.#prefix}|change|`);
  }

  /** List the tasks that have changes. */
  tasks() {
    return [...new Set(this.all().map((change) => change.taskSid))];
  }

  /** Say whether a change still waits. */
  has(change) {
    return this.#keyOf(change) !== undefined;
  }

  /**
   * Take a change out, and leave its end to the tab it came from.
   *
   * @param {object} change
   * @param {{answer?: object, error?: Error}} end
   * @param {boolean} isOurs whether this tab's caller waits for it
   */
  end(change, { answer, error }, isOurs) {
    if (!isOurs) {
      const told = error && { ...error, message: error.message };
      this.set(this.#answerKey(change.id), JSON.stringify({ answer, error: told, at: Date.now() }));
      setTimeout(() => this.#forgetAnswers(), ANSWER_KEPT_MS + 1).unref?.();
    }
    const key = this.#keyOf(change);
    if (key) this.remove(key);
  }

  /** Fetch the end of a change that another tab has sent. */
  endElsewhere(id) {
    const key = this.#answerKey(id);
    const end = parsed(this.get(key));
    this.remove(key);
    return end;
  }

  /** Read a text. */
  get(key) {
    return this.#memory.get(key) ?? this.#durable?.getItem(key) ?? null;
  }

  /** Write a text; in memory where storage is full or has been taken away. */
  set(key, text) {
    try {
      this.#durable?.setItem(key, text);
      this.#isFull = false;
    } catch {
      if (!this.#isFull) this.#warn();
      this.#isFull = true;
    }
    if (this.#isFull || !this.#durable) this.#memory.set(key, text);
    else this.#memory.delete(key);
  }

  /** Take a text away. */
  remove(key) {
    this.#memory.delete(key);
    this.#durable?.removeItem(key);
  }

  #keys(taskSid) {
    return `${this.#prefix}|change|${encodeURIComponent(taskSid)}|`;
  }

  #answerKey(id) {
    return `${this.#prefix}|answer|${id}`;
  }

  #keyOf({ taskSid, id }) {
    return this.#find(this.#keys(taskSid)).find((key) => key.endsWith(`|${id}`));
  }

  #find(start) {
    const durable = this.#durable ? keysOf(this.#durable) : [];
    const found = new Set([...this.#memory.keys(), ...durable]);
    return [...found].filter((key) => key.startsWith(start)).sort();
  }

  #changes(start) {
    const read = this.#find(start).map((key) => change(this.get(key)) ?? this.#drop(key));
    return read.filter(Boolean);
  }

  /** What is no change any more would stay for ever. */
  #drop(key) {
    this.remove(key);
    console.error(`task attributes: an unreadable entry was taken out of the outbox (${key})`);
  }

  /** The next time stamp of a task: later than any there is, whatever the clock did. */
  #next(taskSid) {
    const keys = this.#find(this.#keys(taskSid));
    const before = Number(keys.at(-1)?.split('|').at(-2) ?? 0) || 0;
    this.#last = Math.max(Date.now(), this.#last + 1, before + 1);
    return String(this.#last).padStart(DIGITS, '0');
  }

  #forgetAnswers() {
    for (const key of this.#find(this.#answerKey(''))) {
      const at = parsed(this.get(key))?.at ?? 0;
      if (Date.now() - at > ANSWER_KEPT_MS) this.remove(key);
    }
  }

  #warn() {
    console.warn(
      'task attributes: the browser denies storage; changes that are not sent yet are lost when' +
        ' this page is closed',
    );
  }
}

function durableStorage() {
  try {
    const { localStorage } = globalThis;
    const probe = `${PREFIX}|probe`;
    localStorage.setItem(probe, '1');
    localStorage.removeItem(probe);
    return localStorage;
  } catch {
    return null;
  }
}

function keysOf(storage) {
  return Array.from({ length: storage.length }, (_, index) => storage.key(index) ?? '');
}

function change(text) {
  const value = parsed(text);
  return value?.id && value.body && ['update', 'complete'].includes(value.kind) ? value : undefined;
}

function parsed(text) {
  try {
    const value = JSON.parse(text);
    return value !== null && typeof value === 'object' ? value : undefined;
  } catch {
    return undefined;
  }
}
