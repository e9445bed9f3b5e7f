// Failures on demand: presets as switches, other rules by a small form.

import { $, h, keep, opener, put, say } from "./dom.js";
import { plural } from "./format.js";
import { inForce } from "./figures.js";
import { ask, state, when } from "./live.js";
import { tellProblem } from "./notice.js";

const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);
const OWN = ["id", "hits"];

export function showFaults() {
  $("fault-list").append(
    h("ul", { class: "presets", id: "presets" }),
    h("ul", { class: "rules", id: "rules" }),
    form(),
  );
  when(["faults", "presets"], show);
  $("lift-all").addEventListener("click", () => change("faults", { method: "DELETE" }));
}

function show() {
  const faults = [...state.faults].map(([id, fault]) => ({ ...fault, id }));
  const presets = [...state.presets].map(([name, preset]) => ({
    name,
    ...preset,
    rule: faults.find((fault) => isOf(fault, preset.rule)),
  }));
  const others = faults.filter((fault) => !presets.some((preset) => preset.rule?.id === fault.id));
  say(document.querySelector("#faults .count"), inForce() ? `${inForce()} in force` : "");
  $("lift-all").hidden = faults.length === 0;
  keep($("presets"), presets, (preset) => preset.name, makePreset);
  keep($("rules"), others, (fault) => fault.id, makeRule);
}

const isOf = (fault, rule) => Object.entries(rule).every(([name, value]) => same(fault[name], value));

function makePreset({ name, summary }) {
  const hits = h("span", { class: "hits" });
  let shown = null;
  const flip = () =>
    shown
      ? change(`faults?id=${encodeURIComponent(shown.id)}`, { method: "DELETE" })
      : change("faults", { method: "POST", body: { preset: name } });
  const button = h(
    "button",
    {
      type: "button",
      role: "switch",
      "aria-checked": "false",
      "data-preset": name,
      "aria-describedby": `preset-${name}`,
      on: { click: flip },
    },
    h("i"),
    name,
  );
  const element = h("li", {}, button, h("span", { id: `preset-${name}`, text: summary }), hits);
  element.show = (preset) => {
    shown = preset.rule ?? null;
    put(button, "aria-checked", String(shown !== null));
    say(hits, shown ? plural(shown.hits, "hit") : "");
  };
  return element;
}

function makeRule({ id }) {
  const [words, hits] = [h("code"), h("span", { class: "hits" })];
  const lift = () => change(`faults?id=${encodeURIComponent(id)}`, { method: "DELETE" });
  const element = h(
    "li",
    { "data-fault": id },
    h("strong", { text: id }),
    words,
    hits,
    opener("Lift", lift, { "aria-label": `Lift ${id}` }),
  );
  element.show = (fault) => {
    say(words, describe(fault));
    say(hits, `${plural(fault.hits, "hit")}${fault.count === null ? "" : `, ${fault.count} left`}`);
  };
  return element;
}

function describe(fault) {
  const told = Object.entries(fault).filter(
    ([name, value]) =>
      !OWN.includes(name) &&
      value !== null &&
      value !== false &&
      value !== 0 &&
      !(name === "probability" && value === 1),
  );
  return told
    .map(([name, value]) => `${name}=${typeof value === "object" ? JSON.stringify(value) : value}`)
    .join("  ");
}

async function change(path, options) {
  try {
    await ask(path, options);
    return true;
  } catch (problem) {
    tellProblem(`The fault was not changed: ${problem.message}`);
    return false;
  }
}

function form() {
  const field = (label, control) => h("label", {}, h("span", { text: label }), control);
  const kind = h(
    "select",
    { name: "kind" },
    ...["any", "api", "function", "callback"].map((text) =>
      h("option", { value: text === "any" ? "" : text, text }),
    ),
  );
  const outcome = h(
    "select",
    { name: "outcome" },
    h("option", { value: "status", text: "answer" }),
    h("option", { value: "drop", text: "drop the connection" }),
    h("option", { value: "", text: "only delay" }),
  );
  const text = (name, attributes) => h("input", { name, autocomplete: "off", ...attributes });
  const element = h(
    "form",
    { class: "rule-form", "aria-label": "Add a fault" },
    field("Requests", kind),
    field("Path (pattern)", text("path", { placeholder: "/Tasks" })),
    field("What happens", outcome),
    field("Status", text("status", { type: "number", min: 200, max: 599, value: 503 })),
    field("Delay, ms", text("latency_ms", { type: "number", min: 0, placeholder: "0" })),
    field("Share, %", text("share", { type: "number", min: 1, max: 100, value: 100 })),
    field("How often", text("count", { type: "number", min: 1, placeholder: "always" })),
    h(
      "label",
      { class: "check" },
      h("input", { type: "checkbox", name: "after" }),
      h("span", { text: "after it took effect" }),
    ),
    h("button", { type: "submit", class: "primary", text: "Add fault" }),
  );
  element.addEventListener("submit", async (submit) => {
    submit.preventDefault();
    await change("faults", { method: "POST", body: ruleOf(new FormData(element)) });
  });
  return h("details", { class: "add" }, h("summary", { text: "Add another fault" }), element);
}

function ruleOf(given) {
  const number = (name) => (given.get(name) ? Number(given.get(name)) : undefined);
  const outcome = given.get("outcome");
  return {
    kind: given.get("kind") || undefined,
    path: given.get("path") || undefined,
    status: outcome === "status" ? number("status") : undefined,
    drop: outcome === "drop" || undefined,
    after: (outcome && given.get("after") !== null) || undefined,
    latency_ms: number("latency_ms"),
    probability: (number("share") ?? 100) / 100,
    count: number("count"),
  };
}
