// Write figures for people.

/** A length of time, short: 0.42 s, 12 s, 3 min 20 s, 2 h 5 min, 3 d 4 h. */
export function duration(milliseconds) {
  const seconds = Math.max(0, milliseconds) / 1000;
  if (seconds < 10) return `${seconds < 1 ? seconds.toFixed(2) : seconds.toFixed(1)} s`;
  const whole = Math.floor(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return pair(whole, 60, "min", "s");
  if (whole < 86400) return pair(Math.floor(whole / 60), 60, "h", "min");
  return pair(Math.floor(whole / 3600), 24, "d", "h");
}

function pair(amount, size, large, small) {
  const rest = amount % size;
  return `${Math.floor(amount / size)} ${large}${rest ? ` ${rest} ${small}` : ""}`;
}

/** A moment relative to the start of something: +0.42 s. */
export const after = (milliseconds) => `+${duration(milliseconds)}`;

/** The age of something in whole seconds, so that it does not flicker. */
export const age = (milliseconds) =>
  milliseconds < 10000 ? `${Math.max(0, Math.floor(milliseconds / 1000))} s` : duration(milliseconds);

const TIME = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hour12: false,
});
const DAY = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });

export const timeOfDay = (moment) => TIME.format(moment);
export const day = (moment) => DAY.format(moment);

export const count = (number) => number.toLocaleString("en-US");

/** How long a request took: 0.8 ms, 12 ms, 1.2 s. */
export function took(milliseconds) {
  if (milliseconds < 10) return `${milliseconds.toFixed(1)} ms`;
  return milliseconds < 1000 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1000).toFixed(1)} s`;
}

/** A SID shortened to what tells it from others. */
export const short = (sid) => (sid && sid.length > 12 ? `${sid.slice(0, 2)}…${sid.slice(-6)}` : (sid ?? ""));

/** A text with every SID in it shortened. */
export const shortened = (text) => text.replace(/\b[A-Z]{2}[0-9a-f]{32}\b/g, short);

export const plural = (number, word) => `${count(number)} ${word}${number === 1 ? "" : "s"}`;
