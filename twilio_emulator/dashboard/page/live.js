// What the emulator tells, kept as tables, and the connection it comes through.

const TABLES = [
  "accounts",
  "workspaces",
  "faults",
  "presets",
  "figures",
  "queues",
  "races",
  "batches",
  "chosen",
  "clock",
];
const REQUESTS_KEPT = 300;
const EVENTS_KEPT = 200;
const RETRY_MS = 1000;

export const state = { requests: [], events: [] };
for (const name of TABLES) state[name] = new Map();

const listeners = [];
let source = null;
let offset = 0;
let retry = 0;

/** Have `show` called when one of these sections changed. */
export function when(sections, show) {
  listeners.push({ sections, show });
}

/** The emulator's time in milliseconds since 1970. */
export function now() {
  const clock = state.clock.get("clock");
  return clock?.virtual ? clock.moment : Date.now() + offset;
}

/** Follow one workspace; `connected(state)` hears of connecting, live and reconnecting. */
export function follow(workspace, connected) {
  clearTimeout(retry);
  source?.close();
  source = new EventSource(`live${workspace ? `?workspace=${encodeURIComponent(workspace)}` : ""}`);
  source.onopen = () => connected("live");
  source.onmessage = (message) => take(JSON.parse(message.data));
  source.onerror = () => {
    connected("reconnecting");
    // The browser goes on trying by itself unless it was answered something else than a stream.
    if (source.readyState === EventSource.CLOSED)
      retry = setTimeout(() => follow(workspace, connected), RETRY_MS);
  };
}

function take(message) {
  offset = message.now - Date.now();
  const changed = new Set(message.whole ? forget() : []);
  for (const name of TABLES) {
    if (!message[name]) continue;
    for (const key of message[name].gone ?? []) state[name].delete(key);
    for (const [key, row] of Object.entries(message[name].put ?? {})) state[name].set(key, row);
    changed.add(name);
  }
  if (message.requests) changed.add(takeRequests(message.requests));
  if (message.events) changed.add(takeEvents(message.events));
  for (const { sections, show } of listeners) if (sections.some((name) => changed.has(name))) show();
}

function forget() {
  for (const name of TABLES) state[name].clear();
  state.requests = [];
  state.events = [];
  return [...TABLES, "requests", "events"];
}

function takeRequests({ new: rows, cleared }) {
  const known = cleared ? [] : state.requests;
  state.requests = [...rows.reverse(), ...known].slice(0, REQUESTS_KEPT);
  return "requests";
}

function takeEvents(rows) {
  state.events = [...rows.reverse(), ...state.events].slice(0, EVENTS_KEPT);
  return "events";
}

/** Ask one of the emulator's own routes; the error says what it answered. */
export async function ask(path, { method = "GET", body } = {}) {
  const answer = await fetch(path, { method, body: body === undefined ? undefined : JSON.stringify(body) });
  const content = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(content.error ?? `the emulator answered ${answer.status}`);
  return content;
}
