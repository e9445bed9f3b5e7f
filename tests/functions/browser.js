"use strict";

// Runs the browser module in Node: a storage, and a function that answers as it is told.

const fs = require("node:fs");
const http = require("node:http");
const os = require("node:os");
const path = require("node:path");
const { afterEach, beforeEach } = require("node:test");

const ASSETS = path.join(__dirname, "..", "..", "functions", "assets");

/** Import the module as a browser does: as an ES module, whatever package it stands in. */
const importModule = async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "task-attributes-"));
  fs.cpSync(ASSETS, folder, { recursive: true });
  fs.writeFileSync(path.join(folder, "package.json"), '{"type": "module"}');
  try {
    return await import(path.join(folder, "task-attributes.js"));
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
};

/** What a browser keeps per origin; all "tabs" of a test share one. */
class Storage {
  #texts = new Map();

  get length() {
    return this.#texts.size;
  }

  key(index) {
    return [...this.#texts.keys()][index] ?? null;
  }

  getItem(key) {
    return this.#texts.get(key) ?? null;
  }

  setItem(key, text) {
    this.#texts.set(key, String(text));
  }

  removeItem(key) {
    this.#texts.delete(key);
  }

  /** Everything in it, as one text. */
  get contents() {
    return JSON.stringify([...this.#texts]);
  }
}

/**
 * Start a function: `answer(request)` gives {status, body}, a text as body for what is no JSON, or
 * nothing, which drops the connection.
 */
const startFunction = async (answer) => {
  const requests = [];
  const server = http.createServer(async (incoming, outgoing) => {
    let text = "";
    for await (const part of incoming) text += part;
    const request = { path: incoming.url, body: JSON.parse(text) };
    requests.push(request);
    const given = await answer(request, requests.length);
    if (!given) {
      incoming.socket.destroy();
      return;
    }
    const { status = 200, body } = given;
    outgoing.writeHead(status, { "Content-Type": "application/json" });
    outgoing.end(typeof body === "string" ? body : JSON.stringify(body));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${server.address().port}`;
  return {
    url,
    requests,
    close: () => (server.closeAllConnections(), server.close()),
  };
};

/** The function's refusal as the agreement has it. */
exports.refusal = (status, name, retrySafe = false) => ({
  status,
  body: { error: { name, message: `the function says ${name}`, retrySafe } },
});

exports.TASK = "WT00000000000000000000000000000001";
exports.OTHER = "WT00000000000000000000000000000002";
exports.RETRY = { minMs: 1, maxMs: 5, patienceMs: 5000 };
exports.IMPATIENT = { ...exports.RETRY, patienceMs: 0 };

let server;
let tabs = [];
let loaded;

beforeEach(() => {
  globalThis.localStorage = new Storage();
});

afterEach(() => {
  tabs.forEach((tab) => tab.close());
  tabs = [];
  server?.close();
});

/** The module's exports. */
exports.loadModule = async () => {
  loaded ??= await importModule();
  return loaded;
};

/** The function's answer: the attributes name the change. */
exports.done = ({ body }, outcome = "updated") => ({
  body: { outcome, taskSid: body.taskSid, attributes: { seen: body.id } },
});

/** Start the function of a test. */
exports.serve = async (answer = (request) => exports.done(request)) => {
  await exports.loadModule();
  server = await startFunction(answer);
};

/** Open a page with the module; pages of a test share one storage, as tabs do. */
exports.open = (options = {}) => {
  const { TaskAttributes } = loaded;
  const given = {
    token: () => "a-token",
    retry: exports.RETRY,
    onRefused: () => {},
  };
  const tab = new TaskAttributes({ url: server.url, ...given, ...options });
  tabs.push(tab);
  return tab;
};

/** The requests so far, and one property of each body. */
exports.requests = () => server.requests;
exports.sent = (name) => server.requests.map(({ body }) => body[name]);
exports.address = () => server.url;
exports.storage = () => globalThis.localStorage;

/** How many changes the storage holds. */
exports.kept = () =>
  globalThis.localStorage.contents.split("|change|").length - 1;

/** Collect what an act says on the console instead of showing it. */
exports.silenced = async (kind, act) => {
  const { [kind]: before } = console;
  const lines = [];
  console[kind] = (line) => lines.push(line);
  try {
    await act();
  } finally {
    console[kind] = before;
  }
  return lines;
};
