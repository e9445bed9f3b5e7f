// Workers: a page of them at a time, asked for again when something about workers changed.

import { $, calmly, empty, h, keep, opener, put, say } from "./dom.js";
import { age, count, plural } from "./format.js";
import { open } from "./details.js";
import { create } from "./hints.js";
import { ask, now, state, when } from "./live.js";
import { tellProblem } from "./notice.js";

const AGAIN_MS = 600;
let start = 0;
let asked = 0;
let isWaiting = false;

export function showWorkers() {
  when(["figures"], showActivities);
  when(["queues"], showQueueChoice);
  when(["chosen", "workspaces"], askSoon);
  const fromTheStart = calmly(() => {
    start = 0;
    read();
  }, 150);
  for (const id of ["worker-words", "worker-activity", "worker-queue"])
    $(id).addEventListener("input", fromTheStart);
}

function showActivities() {
  const activities = Object.entries(state.figures.get("activities") ?? {});
  choices(
    $("worker-activity"),
    "Any activity",
    activities.map(([sid, item]) => [sid, `${item.name} (${count(item.workers)})`]),
  );
}

function showQueueChoice() {
  choices(
    $("worker-queue"),
    "Any queue",
    [...state.queues].map(([sid, queue]) => [sid, queue.name]),
  );
}

function choices(select, any, pairs) {
  keep(
    select,
    [["", any], ...pairs],
    ([value]) => value,
    ([value]) => {
      const option = h("option", { value });
      option.show = ([, text]) => say(option, text);
      return option;
    },
  );
}

// Changes come in bursts: the first is shown at once, the others together a moment later.
function askSoon() {
  if (isWaiting) return;
  isWaiting = true;
  const rest = Math.max(0, asked + AGAIN_MS - Date.now());
  setTimeout(() => {
    isWaiting = false;
    read();
  }, rest);
}

async function read() {
  const workspace = state.chosen.get("workspace")?.sid;
  if (!workspace) return showNone();
  asked = Date.now();
  const query = new URLSearchParams({
    workspace,
    start,
    words: $("worker-words").value,
    activity: $("worker-activity").value,
    queue: $("worker-queue").value,
  });
  try {
    const found = await ask(`live/workers?${query}`);
    if (start && start >= found.total) {
      start = 0;
      return read();
    }
    show(found);
  } catch (problem) {
    if (document.body.dataset.connection === "live")
      tellProblem(`The workers could not be read: ${problem.message}`);
  }
}

function show(found) {
  say(document.querySelector("#workers .count"), count(found.total));
  if (!found.total) {
    return showNone();
  }
  keep($("worker-list"), ["table"], String, makeTable);
  const box = $("worker-list").firstChild;
  keep(box.rows, found.rows, (row) => row.sid, makeRow);
  const last = found.start + found.rows.length;
  say(box.where, `${count(found.start + 1)}–${count(last)} of ${count(found.total)}`);
  box.back.disabled = found.start === 0;
  box.next.disabled = last >= found.total;
  box.step = found.page;
}

function showNone() {
  const list = $("worker-list");
  const isFiltered = ["worker-words", "worker-activity", "worker-queue"].some((id) => $(id).value);
  if (isFiltered) return empty(list, "No worker fits this search.");
  empty(list, ...create("This workspace has no workers. Create one:", "Workers", "FriendlyName=alice"));
}

function makeTable() {
  const heads = ["Worker", "Activity", "For", "Load: reserved of capacity"];
  const rows = h("tbody");
  const where = h("span", { class: "where", role: "status" });
  const turn = (way) => () => {
    start = Math.max(0, start + way * box.step);
    read();
  };
  const back = h("button", { type: "button", text: "Previous", on: { click: turn(-1) } });
  const next = h("button", { type: "button", text: "Next", on: { click: turn(1) } });
  const table = h(
    "table",
    {},
    h("thead", {}, h("tr", {}, ...heads.map((text) => h("th", { scope: "col", text })))),
    rows,
  );
  const box = Object.assign(h("div", {}, table, h("div", { class: "pager" }, back, where, next)), {
    rows,
    where,
    back,
    next,
    step: 0,
  });
  return box;
}

function makeRow({ sid }) {
  const name = opener("", () => open("workers", sid));
  const [activity, since] = [
    h("span", { class: "activity" }),
    h("td", { class: "number", "data-label": "For" }),
  ];
  const load = h("ul", { class: "load" });
  const row = h(
    "tr",
    { "data-worker": sid },
    h("th", { scope: "row" }, name),
    h("td", { "data-label": "Activity" }, activity),
    since,
    h("td", { "data-label": "Load" }, load),
  );
  row.show = (worker) => {
    say(name, worker.name);
    say(activity, worker.activity);
    put(activity, "data-available", String(worker.available));
    say(since, age(now() - worker.since));
    showLoad(load, worker.load);
  };
  return row;
}

// Channels nobody uses and nobody changed are told in one word.
function showLoad(list, load) {
  const busy = load.filter((item) => item.reserved || !item.open || item.capacity !== 1);
  const free = { channel: "free", rest: load.length - busy.length };
  keep(
    list,
    free.rest ? [...busy, free] : busy,
    (item) => item.channel + (item.rest ? " rest" : ""),
    makeLoad,
  );
}

function makeLoad({ channel }) {
  const figures = h("b");
  const element = h("li", {}, h("span", { text: channel }), figures);
  element.show = (item) => {
    if (item.rest) return say(figures, plural(item.rest, "channel"));
    say(figures, `${item.reserved}/${item.capacity}`);
    const level = item.reserved === 0 ? "free" : item.reserved < item.capacity ? "busy" : "full";
    put(element, "data-level", item.open && item.capacity ? level : "closed");
    element.title = `${channel}: ${item.reserved} reserved, ${item.assigned} of them assigned, capacity ${item.capacity}${item.open ? "" : ", not available"}`;
  };
  return element;
}
