/**
 * One tab at a time: by the Web Locks API, or where there is none by a lease, a key with the time
 * it ends. Tabs see each other's storage a little late, and two may get by a lease at the same
 * moment: then a change is sent twice, which its id makes harmless.
 */

const LEASE_MS = 30_000; // longer than one request and the wait after it
const SETTLE_MS = 25; // for another tab's process to see what this one stored
const LOOK_MS = 100;

/** Another tab did not let go in time. */
export class Busy extends Error {}

/**
 * Do something while no other tab does it.
 *
 * @template T
 * @param {string} name what is to be done by one alone
 * @param {number} until epoch milliseconds: how long to wait for the turn
 * @param {{get, set, remove}} store where a lease is kept
 * @param {(renew: () => void) => Promise<T>} work to call `renew` before each long step
 * @returns {Promise<T>}
 * @throws {Busy} when the turn did not come
 */
export async function exclusively(name, until, store, work) {
  const { locks } = globalThis.navigator ?? {};
  if (!locks) return withLease(name, until, store, work);
  let isOurs = false;
  const begin = async () => {
    isOurs = true;
    const done = await work(() => {});
    if (await isAwaitedElsewhere(name, locks)) await sleep(SETTLE_MS);
    return done;
  };
  const signal = AbortSignal.timeout(Math.max(until - Date.now(), 0));
  try {
    return await locks.request(name, { signal }, begin);
  } catch (error) {
    if (isOurs) throw error;
    if (error.name === 'SecurityError') return withLease(name, until, store, work);
    throw new Busy(name, { cause: error });
  }
}

/** Say whether another tab waits: it reads what we stored only some milliseconds after us. */
async function isAwaitedElsewhere(name, locks) {
  const { held, pending } = await locks.query();
  const ours = held.find((lock) => lock.name === name)?.clientId;
  return pending.some((lock) => lock.name === name && lock.clientId !== ours);
}

async function withLease(name, until, store, work) {
  const holder = `${Date.now()}-${Math.random()}`;
  const renew = () => store.set(name, JSON.stringify({ holder, ends: Date.now() + LEASE_MS }));
  while (!(await isTaken(name, holder, store, renew))) {
    if (Date.now() >= until) throw new Busy(name);
    await sleep(LOOK_MS * (0.5 + Math.random()));
  }
  try {
    return await work(renew);
  } finally {
    if (lease(name, store).holder === holder) store.remove(name);
  }
}

async function isTaken(name, holder, store, renew) {
  if (lease(name, store).ends > Date.now()) return false;
  renew();
  await sleep(SETTLE_MS * (1 + Math.random())); // whoever came at the same time has written by now
  return lease(name, store).holder === holder;
}

function lease(name, store) {
  try {
    return JSON.parse(store.get(name)) ?? {};
  } catch {
    return {};
  }
}

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
