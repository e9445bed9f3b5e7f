// One offer of a race: who, from when to when, and what became of it.

import { h, opener, put, say } from "./dom.js";
import { after, age } from "./format.js";
import { open } from "./details.js";
import { now } from "./live.js";
import { endOf, outcomeOf } from "./race-times.js";

const WORDS = {
  accepted: "won",
  rescinded: "rescinded",
  rejected: "rejected",
  timeout: "timed out",
  canceled: "canceled",
};
const MARKS = { accepted: "✓", rescinded: "–", rejected: "✕", timeout: "!", canceled: "–" };
const HURRY_MS = 10000;
const LEAST_WIDTH = 0.6;

/** Make the lane of one offer; `draw(scale)` puts it where the race's scale says. */
export function makeLane(offer) {
  const name = opener(offer.name, () => open("workers", offer.worker), {
    class: "link who",
    title: offer.name,
  });
  const bar = h("i", { class: "offer" });
  const held = h("i", { class: "held" });
  const mark = h("i", { class: "mark", "aria-hidden": "true" });
  const outcome = h("span", { class: "outcome" });
  const lane = h(
    "div",
    { class: "lane", role: "listitem", "data-worker": offer.worker },
    name,
    h("div", { class: "track" }, bar, held, mark),
    outcome,
  );
  lane.show = (given) => {
    lane.offer = given;
    put(lane, "data-outcome", outcomeOf(given));
    say(mark, MARKS[outcomeOf(given)] ?? "");
  };
  lane.draw = (scale) => {
    const [start, end] = [lane.offer.moves[0][1], endOf(lane.offer) ?? now()];
    const from = scale.at(start);
    const to = Math.max(scale.at(end), from + LEAST_WIDTH);
    place(bar, from, to - from);
    place(held, to, 100 - to);
    mark.style.left = `${to}%`;
    say(outcome, told(lane.offer, end - start));
    put(lane, "data-late", outcomeOf(lane.offer) === "pending" && lane.offer.until - now() < HURRY_MS);
  };
  return lane;
}

function told(offer, passed) {
  const outcome = outcomeOf(offer);
  if (outcome === "pending") return `${age(Math.max(0, offer.until - now()))} left`;
  return `${WORDS[outcome]} ${after(passed)}`;
}

function place(element, left, width) {
  element.style.left = `${left}%`;
  element.style.width = `${Math.max(width, 0)}%`;
}
