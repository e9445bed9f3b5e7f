// When what happened in a race, as positions between its first offer and its end.

const WON = ["accepted", "wrapping", "completed"];
const ROOM = 1.08;

/** When an offer was decided; null while it is open. */
export const endOf = (offer) => offer.moves[1]?.[1] ?? null;

/** What became of an offer: pending, accepted, rejected, timeout, rescinded or canceled. */
export function outcomeOf(offer) {
  const decided = offer.moves[1]?.[0] ?? "pending";
  return WON.includes(decided) ? "accepted" : decided;
}

/** The winner first, then who may still win, then the others; the latest round before earlier ones. */
export function sorted(offers) {
  const rank = (offer) => ["accepted", "pending"].indexOf(outcomeOf(offer)) + 1 || 3;
  return [...offers].sort((one, other) => rank(one) - rank(other) || other.round - one.round);
}

/** The scale of a race: `at(moment)` is a position in per cent, `ticks` are at most so many lengths of time. */
export function axis(offers, present, most = 5) {
  const start = Math.min(...offers.map((offer) => offer.moves[0][1]));
  const end = Math.max(...offers.map((offer) => endOf(offer) ?? present));
  const wins = offers.filter((offer) => outcomeOf(offer) === "accepted").map(endOf);
  const span = Math.max(end - start, 20) * ROOM;
  const at = (moment) => Math.min(100, Math.max(0, ((moment - start) / span) * 100));
  return { start, at, win: wins.length ? Math.max(...wins) : null, ticks: ticksOf(span, most) };
}

const STEPS = [
  5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 15000, 30000, 60000, 120000, 300000, 600000, 1800000,
  3600000,
];

function ticksOf(span, wanted) {
  const most = Math.max(wanted, 2);
  const step = STEPS.find((size) => span / size <= most) ?? Math.ceil(span / most / 3600000) * 3600000;
  return Array.from({ length: Math.floor((span * 0.9) / step) + 1 }, (_, n) => n * step);
}
