// Task queues: what waits in them and who could take it.

import { $, empty, h, keep, opener, put, say } from "./dom.js";
import { age, count, duration } from "./format.js";
import { open } from "./details.js";
import { create } from "./hints.js";
import { now, state, when } from "./live.js";

const SHOWN = 12;
let isUnfolded = false;

export function showQueues() {
  when(["queues", "chosen"], show);
  $("queue-words").addEventListener("input", show);
  setInterval(() => document.querySelectorAll("#queue-list [data-since]").forEach(tellAge), 1000);
}

function show() {
  say(document.querySelector("#queues .count"), state.queues.size ? count(state.queues.size) : "");
  if (!state.queues.size)
    return empty(
      $("queue-list"),
      ...create("This workspace has no task queues. Create one:", "TaskQueues", "FriendlyName=Everyone"),
    );
  const words = $("queue-words").value.toLowerCase();
  const rows = [...state.queues]
    .map(([sid, queue]) => ({ ...queue, sid }))
    .filter(
      (queue) => !words || `${queue.name} ${queue.expression} ${queue.sid}`.toLowerCase().includes(words),
    )
    .sort(
      (one, other) =>
        other.waiting + other.reserved - one.waiting - one.reserved ||
        one.name.localeCompare(other.name, undefined, { numeric: true }),
    );
  if (!rows.length) return empty($("queue-list"), "No task queue has these words in its name or expression.");
  const [table] = kept();
  keep(table.tBodies[0], isUnfolded ? rows : rows.slice(0, SHOWN), (row) => row.sid, makeRow);
  table.more.hidden = rows.length <= SHOWN;
  say(table.more, isUnfolded ? "Show fewer" : `Show all ${count(rows.length)}`);
}

function kept() {
  keep($("queue-list"), ["table"], String, () => {
    const heads = [
      "Queue",
      "Waiting",
      "Oldest",
      "Offered",
      "Assigned",
      "Workers available",
      "Order",
      "Reserves",
    ];
    const table = h(
      "table",
      {},
      h("thead", {}, h("tr", {}, ...heads.map((text) => h("th", { scope: "col", text })))),
      h("tbody"),
    );
    table.more = h("button", {
      type: "button",
      class: "quiet more",
      on: {
        click: () => {
          isUnfolded = !isUnfolded;
          show();
        },
      },
    });
    const box = h("div", {}, table, table.more);
    return box;
  });
  return [$("queue-list").firstChild.firstChild];
}

function makeRow({ sid }) {
  const name = opener("", () => open("queues", sid));
  const expression = h("code", { class: "expression" });
  const [waiting, oldest, reserved, assigned] = ["Waiting", "Oldest", "Offered", "Assigned"].map((label) =>
    h("td", { class: "number", "data-label": label }),
  );
  const [meter, words] = [h("i"), h("span")];
  const workers = h(
    "td",
    { class: "workers", "data-label": "Workers available" },
    h("span", { class: "meter" }, meter),
    words,
  );
  const [order, reserves] = [
    h("td", { "data-label": "Order" }),
    h("td", { class: "number", "data-label": "Reserves" }),
  ];
  const row = h(
    "tr",
    { "data-queue": sid },
    h("th", { scope: "row" }, name, expression),
    waiting,
    oldest,
    reserved,
    assigned,
    workers,
    order,
    reserves,
  );
  row.show = (queue) => {
    say(name, queue.name);
    say(expression, queue.expression);
    say(waiting, count(queue.waiting));
    put(waiting, "data-outcome", queue.waiting ? "pending" : null);
    put(oldest, "data-since", queue.oldest);
    tellAge(oldest);
    say(reserved, count(queue.reserved));
    say(assigned, count(queue.assigned));
    say(
      words,
      queue.eligible === null ? "counting…" : `${count(queue.available)} of ${count(queue.eligible)}`,
    );
    meter.style.width = `${queue.eligible ? (queue.available / queue.eligible) * 100 : 0}%`;
    say(order, queue.order);
    say(reserves, queue.reserves);
  };
  return row;
}

function tellAge(cell) {
  const since = cell.dataset.since;
  say(cell, since ? age(now() - Number(since)) : "–");
  cell.title = since ? `waiting for ${duration(now() - Number(since))}` : "";
}
