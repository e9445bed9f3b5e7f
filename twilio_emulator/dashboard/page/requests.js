// Requests the emulator got and made: API calls, callbacks, functions.

import { $, calmly, empty, h, keep, put, say } from "./dom.js";
import { count, shortened, timeOfDay, took } from "./format.js";
import { open } from "./details.js";
import { listing } from "./hints.js";
import { ask, state, when } from "./live.js";
import { tellProblem } from "./notice.js";

const SHOWN = 120;
const HOSTS = /\.twilio\.com$/;
let kind = "";

export function showRequests() {
  when(["requests", "chosen"], show);
  $("request-words").addEventListener("input", calmly(show, 100));
  $("clear-requests").addEventListener("click", clear);
  for (const button of document.querySelectorAll("#requests [data-kind]"))
    button.addEventListener("click", () => choose(button.dataset.kind));
}

function choose(chosen) {
  kind = chosen;
  for (const button of document.querySelectorAll("#requests [data-kind]"))
    put(button, "aria-pressed", String(button.dataset.kind === chosen));
  show();
}

async function clear() {
  try {
    await ask("journal", { method: "DELETE" });
  } catch (problem) {
    tellProblem(`The requests were not cleared: ${problem.message}`);
  }
}

const hasFailed = (request) => request.status === null || request.status >= 400 || request.fault !== null;

function fits(request, words) {
  if (kind === "failed" ? !hasFailed(request) : kind && request.kind !== kind) return false;
  return (
    !words ||
    `${request.method} ${request.host}${request.path} ${request.status}`.toLowerCase().includes(words)
  );
}

function show() {
  const list = $("request-list");
  say(
    document.querySelector("#requests .count"),
    state.requests.length ? count(state.requests[0].number) : "",
  );
  if (!state.requests.length) {
    return empty(list, "No requests yet. Send one:", listing());
  }
  const words = $("request-words").value.toLowerCase();
  const rows = state.requests.filter((request) => fits(request, words)).slice(0, SHOWN);
  if (!rows.length) return empty(list, "None of the recent requests fits this filter.");
  keep(list, rows, (row) => row.number, makeRow);
}

function makeRow(request) {
  const status = request.status ?? "none";
  const product = request.kind === "api" ? request.host.replace(HOSTS, "") : request.kind;
  return h(
    "button",
    {
      type: "button",
      class: "line",
      "data-number": request.number,
      "data-class": request.status ? String(request.status)[0] : "none",
      on: { click: () => open("requests", request.number) },
    },
    h("time", { text: timeOfDay(new Date(request.time)) }),
    h("b", { class: "code", text: status }),
    h(
      "span",
      { class: "what" },
      h("span", { class: "method", text: request.method }),
      h("span", { class: "product", text: product }),
      h("span", { class: "path", text: shortened(request.path), title: request.path }),
    ),
    request.fault ? h("span", { class: "fault", text: request.fault }) : null,
    h("span", { class: "took", text: took(request.ms) }),
  );
}
