// The signature view: who was offered a task, who won it, and what became of the others.

import { $, empty, h, keep, opener, put, say } from "./dom.js";
import { duration, plural, short } from "./format.js";
import { open } from "./details.js";
import { createTask } from "./hints.js";
import { now, state, when } from "./live.js";
import { makeLane } from "./race-lane.js";
import { axis, sorted } from "./race-times.js";

const SHOWN = 6;
const TICK_MS = 250;
const TICK_WIDTH = 58;

export function showRaces() {
  when(["races", "chosen"], show);
  setInterval(tick, TICK_MS);
}

function show() {
  const races = [...state.races]
    .map(([sid, race]) => ({ ...race, sid }))
    .filter((race) => race.offers.length);
  if (!races.length)
    return empty(
      $("race-list"),
      ...createTask("No task has been offered to a worker yet. Create one, and its race appears here:"),
    );
  const latest = (race) => race.offers[race.offers.length - 1].moves[0][1];
  races.sort((one, other) => latest(other) - latest(one));
  keep($("race-list"), races, (race) => race.sid, makeRace);
}

function tick() {
  for (const element of $("race-list").children) if (element.isLive) element.draw();
}

function makeRace({ sid }) {
  const parts = partsOf(sid);
  const element = layOut(sid, parts);
  let shown = null;
  element.show = (race) => {
    shown = race;
    element.isLive = race.offers.some((offer) => offer.status === "pending");
    put(element, "data-status", race.status);
    fill(parts, race);
    // Once it stands in the page and has a width.
    requestAnimationFrame(element.draw);
  };
  element.draw = () => drawCourse(parts, shown);
  parts.more.addEventListener("click", () => {
    put(parts.more, "aria-expanded", String(!isUnfolded(parts)));
    element.show(shown);
  });
  return element;
}

const isUnfolded = ({ more }) => more.getAttribute("aria-expanded") === "true";

function partsOf(sid) {
  return {
    sid,
    status: h("span", { class: "status" }),
    title: opener("", () => open("tasks", sid), { class: "link title" }),
    words: h("span", { class: "words" }),
    meta: h("span", { class: "meta" }),
    lanes: h("div", { class: "lanes", role: "list", "aria-label": "Offers" }),
    line: h("div", { class: "finish" }),
    ruler: h("div", { class: "ruler", "aria-hidden": "true" }),
    more: h("button", { type: "button", class: "quiet more", "aria-expanded": "false" }),
  };
}

function layOut(sid, { status, title, words, meta, lanes, line, ruler, more }) {
  const finishing = h("div", { class: "finishing", "aria-hidden": "true" }, line);
  return h(
    "article",
    { class: "race", "data-task": sid },
    h("header", {}, status, title, words, meta),
    h("div", { class: "course" }, lanes, finishing),
    ruler,
    more,
  );
}

function fill(parts, race) {
  const unfolded = isUnfolded(parts);
  const hidden = race.offers.length - SHOWN;
  say(parts.status, race.status);
  say(parts.title, race.title || `Task ${short(parts.sid)}`);
  say(parts.words, race.words || parts.sid);
  say(parts.meta, describe(race));
  say(parts.more, unfolded ? "Show fewer" : `Show ${plural(hidden, "more offer")}`);
  parts.more.hidden = hidden <= 0;
  keep(
    parts.lanes,
    sorted(race.offers).slice(0, unfolded ? undefined : SHOWN),
    (offer) => offer.sid,
    makeLane,
  );
}

function describe(race) {
  const parts = [
    race.queue ?? "no queue",
    race.channel,
    `priority ${race.priority}`,
    `offered to ${plural(race.offered, "worker")}`,
  ];
  if (race.rounds > 1) parts.push(`${race.rounds} rounds`);
  return parts.filter(Boolean).join(" · ");
}

function drawCourse({ lanes, line, ruler }, race) {
  const scale = axis(race.offers, now(), ruler.clientWidth / TICK_WIDTH);
  for (const lane of lanes.children) lane.draw(scale);
  line.hidden = scale.win === null;
  if (scale.win !== null) line.style.left = `${scale.at(scale.win)}%`;
  keep(ruler, scale.ticks, String, (length) => h("span", { text: length ? duration(length) : "0" }));
  scale.ticks.forEach((length, n) => (ruler.children[n].style.left = `${scale.at(scale.start + length)}%`));
}
