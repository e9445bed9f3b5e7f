"use strict";

const assert = require("node:assert/strict");
const { test } = require("node:test");
const {
  OTHER,
  RETRY,
  TASK,
  address,
  done,
  kept,
  open,
  refusal,
  requests,
  sent,
  serve,
  storage,
} = require("./browser");
const { seeded } = require("./runtime");

test("two tabs send each change once, and each call gets its own answer", async () => {
  await serve(async (request) => {
    await new Promise((resolve) => setTimeout(resolve, 2));
    return done(request);
  });
  const [one, two] = [open(), open()];

  const calls = Array.from({ length: 12 }, (_, n) =>
    (n % 2 ? one : two).updateTaskAttributes(TASK, { n }),
  );
  const answers = await Promise.all(calls);

  assert.equal(new Set(sent("id")).size, 12);
  assert.equal(requests().length, 12);
  const ids = Object.fromEntries(
    requests().map(({ body }) => [body.attributes.n, body.id]),
  );
  assert.deepEqual(
    answers.map(({ attributes }) => attributes.seen),
    answers.map((_, n) => ids[n]),
  );
  assert.equal(kept(), 0);
});

test("a refusal reaches the call, whichever tab has sent the change", async () => {
  await serve((request) =>
    request.body.attributes.bad
      ? refusal(422, "not-applicable")
      : done(request),
  );
  const tabsOfOne = Array.from({ length: 4 }, () => open());

  const ends = await Promise.allSettled(
    tabsOfOne.map((tab, n) =>
      tab.updateTaskAttributes(TASK, { bad: n % 2 === 0 }),
    ),
  );

  assert.deepEqual(
    ends.map(({ status, reason }) => [status, reason?.name, reason?.message]),
    ends.map((_, n) =>
      n % 2 === 0
        ? ["rejected", "not-applicable", "the function says not-applicable"]
        : ["fulfilled", undefined, undefined],
    ),
  );
});

test("a lease of a tab that died ends, and nobody waits for ever", async () => {
  await serve();
  const { host } = new URL(address());
  const lease = (ends) =>
    storage().setItem(
      `task-attributes|${host}|lock|${TASK}`,
      JSON.stringify({ holder: "died", ends }),
    );
  lease(Date.now() + 60_000);
  const tab = open({ retry: { ...RETRY, patienceMs: 50 } });

  assert.equal(
    (await tab.updateTaskAttributes(TASK, { a: 1 })).outcome,
    "kept",
  );
  lease(Date.now() - 1);
  assert.deepEqual(await tab.flush(), []);
});

for (const seed of [1, 2, 3, 4, 5]) {
  test(`whatever fails, every change is applied once and in order (seed ${seed})`, async () => {
    const { random, below } = seeded(seed);
    const applied = { [TASK]: [], [OTHER]: [] };
    await serve((request) => {
      const { taskSid, id, attributes } = request.body;
      const chance = random();
      if (chance < 0.2) return null;
      if (chance < 0.3) return { status: 429, body: "slow down" };
      const isNew = !applied[taskSid].some((change) => change.id === id);
      if (isNew) applied[taskSid].push({ id, n: attributes.n });
      return chance < 0.5
        ? null
        : done(request, isNew ? "updated" : "unchanged");
    });
    const many = Array.from({ length: 3 }, () =>
      open({ retry: { ...RETRY, patienceMs: 15 } }),
    );
    const asked = { [TASK]: [], [OTHER]: [] };

    const calls = Array.from({ length: 30 }, (_, n) => {
      const taskSid = below(2) ? TASK : OTHER;
      asked[taskSid].push(n);
      return many[below(3)].updateTaskAttributes(taskSid, { n });
    });
    await Promise.all(calls);
    while ((await many[0].flush()).length > 0);

    for (const taskSid of [TASK, OTHER]) {
      assert.deepEqual(
        applied[taskSid].map(({ n }) => n),
        asked[taskSid],
      );
    }
  });
}
