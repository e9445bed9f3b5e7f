"use strict";

// Loads private functions outside of Twilio: the global `Runtime` as the functions see it there.

const fs = require("node:fs");
const path = require("node:path");

const FUNCTIONS = path.join(__dirname, "..", "..", "functions", "functions");

function routes() {
  const files = fs
    .readdirSync(FUNCTIONS, { recursive: true })
    .filter((f) => f.endsWith(".js"));
  const entries = files.map((file) => [
    file.replace(/(\.private|\.protected)?\.js$/, ""),
    { path: path.join(FUNCTIONS, file) },
  ]);
  return Object.fromEntries(entries);
}

const found = routes();
global.Runtime = { getFunctions: () => found };

/** Load `lib/<name>`. */
exports.load = (name) => require(found[`lib/${name}`].path);

/** Make a random number generator that repeats itself (mulberry32). */
exports.seeded = (seed) => {
  let state = seed;
  const random = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  const below = (n) => Math.floor(random() * n);
  const some = (list, share = 0.5) => list.filter(() => random() < share);
  return { random, below, some };
};
