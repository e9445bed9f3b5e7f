"use strict";

const assert = require("node:assert/strict");
const { test } = require("node:test");
const { load } = require("./runtime");

const { readJson } = load("tasks/json-values");
const { Attempts } = load("retry");
const { updateTask } = load("tasks/update");

const FAST = { limit: 3, minMs: 1, maxMs: 1 };

// A task whose first write takes effect without an answer, and which others then overwrite twice.
function overwritten(text) {
  const task = { text, version: 0 };
  const store = (now) =>
    Object.assign(task, { text: now, version: task.version + 1 });
  task.read = async () => ({
    attributes: readJson(task.text),
    version: `"${task.version}"`,
  });
  task.write = async (_, { text: written }) => {
    store(written);
    store('{"n":[1]}');
    store('{"n":[1],"applied_changes":["zzzzzzzz"]}');
    return Object.assign(new Error("lost"), { status: 503 });
  };
  return task;
}

function updating(change, batches = []) {
  const invocation = {
    settings: { hasSync: true },
    tasks: overwritten('{"applied_changes":["oldoldol"]}'),
    deferred: { take: async () => batches },
  };
  const attempts = new Attempts(FAST, Date.now() + 2000);
  const request = { change: readJson(JSON.stringify(change)), id: "again" };
  return updateTask(invocation, "WT1", request, attempts);
}

const append = [{ append: { path: ["n"], values: [1] } }];
const merge = [{ merge: { a: 1 } }];

test("where nobody can tell, an id does not make an append safe to repeat", async () => {
  await assert.rejects(updating(append), { name: "twilio", retrySafe: false });
});

test("where nobody can tell, merges are safe to repeat, and nothing else beside them", async () => {
  const batch = (change) => ({
    id: "bbbbbbbb",
    change: readJson(JSON.stringify(change)),
    count: 1,
  });

  await assert.rejects(updating(merge, [batch(merge)]), {
    name: "twilio",
    retrySafe: true,
  });
  await assert.rejects(updating(merge, [batch(append)]), {
    name: "twilio",
    retrySafe: false,
  });
});
