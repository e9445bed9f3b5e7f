// The dialog that shows one thing at length.

import { $, h, opener } from "./dom.js";
import { ask, now } from "./live.js";
import { age, after, short, timeOfDay, took } from "./format.js";

const TITLES = {
  workers: "Worker",
  queues: "Task queue",
  tasks: "Task",
  events: "Event",
  requests: "Request",
};
const BODIES = { workers: worker, queues: queue, tasks: task, events: plain, requests: request };

$("close-details").addEventListener("click", () => $("details").close());
$("details").addEventListener("click", (click) => {
  if (click.target === $("details")) $("details").close();
});

/** Open the details of a worker, queue, task, event or request. */
export async function open(kind, id) {
  const [title, body] = [$("details-title"), $("details-body")];
  title.textContent = `${TITLES[kind]} ${kind === "requests" ? `#${id}` : ""}`;
  body.replaceChildren(h("p", { class: "muted", text: "Reading…" }));
  if (!$("details").open) $("details").showModal();
  try {
    const found = await ask(`live/${kind}/${encodeURIComponent(id)}`);
    body.replaceChildren(...BODIES[kind](found));
  } catch (problem) {
    body.replaceChildren(h("p", { class: "problem", text: problem.message }));
  }
}

function worker(found) {
  return [
    facts({
      Name: found.name,
      SID: found.sid,
      Activity: `${found.activity} (${found.available ? "available" : "not available"}) for ${age(now() - found.since)}`,
      Version: found.version,
    }),
    heading("Attributes"),
    json(found.attributes),
    heading(`Eligible for ${found.queues.length} task queues`),
    links(found.queues.slice(0, 60), (item) => opener(item.name, () => open("queues", item.sid))),
    heading("Last reservations"),
    links(found.reservations, (item) =>
      opener(`${item.reservation_status} · ${short(item.task_sid)}`, () => open("tasks", item.task_sid)),
    ),
  ];
}

function queue(found) {
  return [
    facts({
      Name: found.friendly_name,
      SID: found.sid,
      TargetWorkers: found.target_workers,
      TaskOrder: found.task_order,
      MaxReservedWorkers: found.max_reserved_workers,
    }),
    heading(`Waiting tasks, in the order they will be offered (${found.waiting_total})`),
    links(found.waiting, (item) =>
      opener(
        `${item.title || short(item.sid)} · priority ${item.priority} · ${age(now() - item.entered)}`,
        () => open("tasks", item.sid),
      ),
    ),
  ];
}

function task(found) {
  const record = found.record;
  return [
    facts({
      About: found.title,
      SID: record.sid,
      Status: found.status + (found.reason ? ` (${found.reason})` : ""),
      Queue: found.queue,
      Channel: found.channel,
      Priority: found.priority,
      Created: timeOfDay(found.created),
      Version: record.version,
    }),
    heading("Attributes"),
    json(record.attributes),
    heading(`Offers (${found.offered})`),
    links(found.offers, (item) => offer(item)),
  ];
}

function offer(item) {
  const [, first] = item.moves[0];
  const way = item.moves
    .map(([status, moment], n) => (n ? `${status} ${after(moment - first)}` : "offered"))
    .join(" → ");
  return h(
    "span",
    {},
    opener(item.name, () => open("workers", item.worker)),
    ` round ${item.round}: ${way}`,
  );
}

function request(found) {
  return [
    facts({
      Request: `${found.method} https://${found.host}${found.path}`,
      Answer: found.status ?? "none",
      Took: took(found.duration_ms),
      Time: timeOfDay(new Date(found.time)),
      Kind: found.kind,
      Account: found.account,
      "Bytes sent": found.bytes,
      Fault: found.fault,
    }),
    heading("Parameters"),
    json(found.params),
  ];
}

function plain(found) {
  return [
    facts({
      Type: found.event_type,
      Description: found.description,
      Resource: found.resource_sid,
      SID: found.sid,
    }),
    heading("Data"),
    json(found.event_data),
  ];
}

const heading = (text) => h("h3", { text });
const json = (value) => h("pre", { tabindex: 0, text: JSON.stringify(value, null, 2) });

function facts(pairs) {
  const known = Object.entries(pairs).filter(
    ([, value]) => value !== null && value !== undefined && value !== "",
  );
  return h(
    "dl",
    {},
    ...known.flatMap(([name, value]) => [h("dt", { text: name }), h("dd", { text: value })]),
  );
}

function links(items, make) {
  if (!items.length) return h("p", { class: "muted", text: "None." });
  return h("ul", { class: "links" }, ...items.map((item) => h("li", {}, make(item))));
}
