// Batches of queue changes, as their progress documents tell.

import { $, empty, h, keep, put, say } from "./dom.js";
import { count, duration, timeOfDay } from "./format.js";
import { state, when } from "./live.js";

const PARTS = ["updated", "unchanged", "gone", "failed"];
const SHOWN = 8;

export function showBatches() {
  when(["batches", "chosen"], show);
}

function show() {
  say(document.querySelector("#batches .count"), state.batches.size ? count(state.batches.size) : "");
  if (!state.batches.size)
    return empty(
      $("batch-list"),
      "No batch has run. Bring the workers' queues in step to start one:",
      "taskrouter sync",
    );
  const rows = [...state.batches]
    .map(([sid, batch]) => ({ ...batch, sid }))
    .sort((one, other) => other.created - one.created);
  keep($("batch-list"), rows.slice(0, SHOWN), (row) => row.sid, makeBatch);
}

function makeBatch({ sid, id }) {
  const [title, status, numbers, times] = [
    h("strong"),
    h("span", { class: "status" }),
    h("p", { class: "muted" }),
    h("span", { class: "muted" }),
  ];
  const bars = PARTS.map((part) => h("i", { "data-part": part }));
  const bar = h(
    "div",
    { class: "progress", role: "progressbar", "aria-valuemin": "0", "aria-label": `Progress of batch ${id}` },
    ...bars,
  );
  const failures = h("ul", { class: "failures" });
  const element = h(
    "article",
    { class: "batch", "data-batch": id, "data-sid": sid },
    h("header", {}, title, status, times),
    bar,
    numbers,
    failures,
  );
  element.show = (batch) => {
    const total = batch.total ?? 0;
    say(title, batch.reason ?? batch.type ?? batch.id);
    say(status, (batch.status ?? "unknown").replaceAll("_", " "));
    put(element, "data-status", batch.status);
    say(times, timing(batch));
    put(bar, "aria-valuemax", total);
    put(bar, "aria-valuenow", batch.done ?? 0);
    PARTS.forEach((part, n) => (bars[n].style.width = `${total ? ((batch[part] ?? 0) / total) * 100 : 0}%`));
    say(numbers, describe(batch, total));
    keep(
      failures,
      batch.failures,
      (item) => `${item.worker_sid} ${item.reason}`,
      (item) => h("li", { text: `${item.worker_sid}: ${item.reason}` }),
    );
  };
  return element;
}

function describe(batch, total) {
  const parts = PARTS.filter((part) => batch[part]).map((part) => `${count(batch[part])} ${part}`);
  const done = `${count(batch.done ?? 0)} of ${count(total)} workers`;
  return [done, ...parts, batch.error].filter(Boolean).join(" · ");
}

function timing(batch) {
  const [from, to] = [Date.parse(batch.started_at), Date.parse(batch.finished_at ?? batch.updated_at)];
  if (Number.isNaN(from)) return "";
  return `${timeOfDay(from)}${Number.isNaN(to) ? "" : ` · ${duration(to - from)}`}`;
}
