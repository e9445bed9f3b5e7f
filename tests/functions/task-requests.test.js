"use strict";

const assert = require("node:assert/strict");
const { test } = require("node:test");
const { load } = require("./runtime");

const { Attempts } = load("retry");
const { completeTask } = load("tasks/completion");
const { Tasks } = load("tasks/requests");

const attempts = () =>
  new Attempts({ limit: 3, minMs: 1, maxMs: 1 }, Date.now() + 2000);

// Twilio's client, with one task that cannot be completed once more.
function workspaceOf(attributes) {
  const answer = {
    headers: { etag: '"0"' },
    body: { attributes, assignmentStatus: "completed" },
  };
  const refusal = Object.assign(new Error("no"), { status: 400, code: 20001 });
  return {
    tasks: () => ({
      fetchWithHttpInfo: async () => answer,
      update: async () => Promise.reject(refusal),
    }),
  };
}

for (const text of ["[1]", '"text"', "{no JSON"]) {
  test(`attributes ${text} are refused by name, and a repeat does not help`, async () => {
    const tasks = new Tasks(workspaceOf(text));

    const reading = tasks
      .read("WT1", attempts())
      .then(({ attributes }) => attributes);

    await assert.rejects(reading, {
      name: "conflict",
      retrySafe: false,
      message: /not a JSON object/,
    });
  });

  test(`the status of a task with attributes ${text} can be read`, async () => {
    const invocation = {
      attempts,
      settings: { hasSync: false },
      tasks: new Tasks(workspaceOf(text)),
    };

    const done = await completeTask(invocation, { taskSid: "WT1" });

    assert.equal(done.outcome, "unchanged");
  });
}
