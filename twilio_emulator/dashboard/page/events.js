// What happened in the workspace, newest first.

import { $, empty, h, keep, say } from "./dom.js";
import { count, shortened, timeOfDay } from "./format.js";
import { open } from "./details.js";
import { state, when } from "./live.js";
import { createTask } from "./hints.js";

export function showEvents() {
  when(["events", "chosen"], show);
}

function show() {
  say(
    document.querySelector("#events .count"),
    state.events.length ? `last ${count(state.events.length)}` : "",
  );
  if (!state.events.length)
    return empty(
      $("event-list"),
      ...createTask("Nothing has happened in this workspace yet. Create a task:"),
    );
  keep($("event-list"), state.events, (event) => event.sid, makeRow);
}

function makeRow(event) {
  return h(
    "button",
    {
      type: "button",
      class: "line",
      "data-event": event.type,
      on: { click: () => open("events", event.sid) },
    },
    h("time", { text: timeOfDay(event.moment) }),
    h("b", { class: "type", "data-group": event.type.split(".")[0], text: event.type }),
    h("span", { class: "what", text: shortened(event.description), title: event.description }),
  );
}
