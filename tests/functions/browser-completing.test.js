"use strict";

const assert = require("node:assert/strict");
const { test } = require("node:test");
const {
  IMPATIENT,
  TASK,
  done,
  open,
  kept,
  refusal,
  requests,
  sent,
  serve,
} = require("./browser");

test("a completion carries its last change, under an id of its own", async () => {
  await serve((request) => done(request, "completed"));
  const changes = [{ append: { path: ["notes"], values: [1] } }];
  const tab = open();

  const plain = await tab.completeTask(TASK, "sold");
  await tab.completeTask(TASK, "", { attributes: { a: 1 } });
  await tab.completeTask(TASK, "sold", {
    attributes: changes,
    onFlushFailure: "continue",
  });

  assert.equal(plain.outcome, "completed");
  assert.ok(requests().every(({ path }) => path === "/complete-task"));
  const [first, second, third] = requests().map(({ body }) => body);
  const common = { Token: "a-token", taskSid: TASK };
  assert.deepEqual(first, { ...common, reason: "sold" });
  assert.deepEqual(second, { ...common, attributes: { a: 1 }, id: second.id });
  assert.deepEqual(third, {
    ...common,
    reason: "sold",
    onFlushFailure: "continue",
    changes,
    id: third.id,
  });
  assert.notEqual(second.id, third.id);
});

test("a completion waits for what was changed before it", async () => {
  await serve((request, number) => (number < 3 ? null : done(request)));
  const tab = open();

  await Promise.all([
    tab.updateTaskAttributes(TASK, { a: 1 }, true),
    tab.completeTask(TASK),
  ]);

  assert.deepEqual(requests().at(-1).path, "/complete-task");
  assert.equal(
    requests().filter(({ path }) => path === "/complete-task").length,
    1,
  );
});

test("a completion that is refused is told like any other change", async () => {
  await serve(() => refusal(409, "conflict"));
  const told = [];
  const tab = open({
    onRefused: ({ name }, { kind }) => told.push([name, kind]),
  });

  await assert.rejects(tab.completeTask(TASK, "sold"), {
    name: "conflict",
    kept: false,
  });

  assert.deepEqual([told, kept()], [[["conflict", "complete"]], 0]);
});

test("a completion that could not be sent is sent by the next page, with the same id", async () => {
  let isUp = false;
  await serve((request) => (isUp ? done(request) : null));
  const closed = open({ retry: IMPATIENT });
  const first = await closed.completeTask(TASK, "sold", {
    attributes: { a: 1 },
  });
  closed.close();
  isUp = true;
  assert.deepEqual(await open().flush(), []);

  assert.equal(first.outcome, "kept");
  assert.deepEqual([requests().length, new Set(sent("id")).size], [2, 1]);
});
