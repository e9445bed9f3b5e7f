"use strict";

const assert = require("node:assert/strict");
const { test } = require("node:test");
const {
  IMPATIENT,
  OTHER,
  RETRY,
  TASK,
  address,
  done,
  kept,
  open,
  requests,
  sent,
  serve,
  silenced,
  storage,
} = require("./browser");

test("a change is in the outbox before it is sent, and out of it once it was answered", async () => {
  const waiting = [];
  await serve((request) => {
    waiting.push(storage().contents.includes(request.body.id));
    return done(request);
  });
  const tab = open();

  const answer = await tab.updateTaskAttributes(TASK, { a: 1 });

  assert.deepEqual(waiting, [true]);
  assert.deepEqual(tab.pending(), []);
  assert.equal(kept(), 0);
  const [{ path, body }] = requests();
  assert.equal(path, "/update-task-attributes");
  const { id, ...rest } = body;
  assert.match(id, /^[A-Za-z0-9-]{1,36}$/);
  assert.deepEqual(rest, {
    Token: "a-token",
    taskSid: TASK,
    attributes: { a: 1 },
    deferred: false,
  });
  assert.deepEqual(answer, {
    outcome: "updated",
    taskSid: TASK,
    attributes: { seen: id },
  });
});

test("a list is sent as operations, and deferral as it was asked for", async () => {
  await serve();
  const changes = [{ append: { path: ["notes"], values: [1] } }];

  await open().updateTaskAttributes(TASK, changes, true);

  assert.deepEqual(
    [sent("changes"), sent("attributes"), sent("deferred")],
    [[changes], [undefined], [true]],
  );
});

test("changes of one task go in the order of the calls, one after the other", async () => {
  let underWay = 0;
  await serve(async (request) => {
    underWay += 1;
    assert.equal(underWay, 1);
    await new Promise((resolve) => setTimeout(resolve, 1));
    underWay -= 1;
    return done(request);
  });
  const tab = open();

  const numbers = Array.from({ length: 20 }, (_, number) => number);
  await Promise.all(numbers.map((n) => tab.updateTaskAttributes(TASK, { n })));

  assert.deepEqual(
    sent("attributes").map(({ n }) => n),
    numbers,
  );
});

test("a task that cannot be changed does not hold up another one", async () => {
  await serve((request) =>
    request.body.taskSid === TASK ? null : done(request),
  );
  const tab = open({ retry: { ...RETRY, patienceMs: 300 } });

  const stuck = tab.updateTaskAttributes(TASK, { a: 1 });
  const { outcome } = await tab.updateTaskAttributes(OTHER, { a: 1 });

  assert.equal(outcome, "updated");
  assert.equal(tab.pending().length, 1);
  assert.equal((await stuck).outcome, "kept");
});

test("what nobody answered is kept, and goes out with the next call, in order", async () => {
  let isUp = false;
  await serve((request) => (isUp ? done(request) : null));
  const tab = open({ retry: IMPATIENT });

  assert.deepEqual(await tab.updateTaskAttributes(TASK, { n: 1 }), {
    outcome: "kept",
    taskSid: TASK,
  });
  await tab.updateTaskAttributes(TASK, { n: 2 });
  isUp = true;
  requests().length = 0;
  assert.equal(
    (await tab.updateTaskAttributes(OTHER, { n: 3 })).outcome,
    "updated",
  );
  await tab.flush();

  const ours = requests().filter(({ body }) => body.taskSid === TASK);
  assert.deepEqual(
    ours.map(({ body }) => body.attributes.n),
    [1, 2],
  );
});

test("a page that is opened again sends by itself what an earlier one left", async () => {
  let answered;
  await serve((request) => {
    answered?.(request.body);
    return answered ? done(request) : null;
  });
  const closed = open({ retry: IMPATIENT });
  await closed.updateTaskAttributes(TASK, { a: 1 });
  closed.close();
  const [{ id }] = closed.pending();
  const arrived = new Promise((resolve) => {
    answered = resolve;
  });
  open();

  const body = await arrived;
  assert.deepEqual([body.id, body.attributes], [id, { a: 1 }]);
});

test("where storage is denied changes are kept in memory, and that is said", async () => {
  Object.defineProperty(globalThis, "localStorage", {
    configurable: true,
    get: () => {
      throw new Error("denied");
    },
  });
  try {
    let isUp = false;
    await serve((request) => (isUp ? done(request) : null));
    const lines = await silenced("warn", async () => {
      const tab = open({ retry: IMPATIENT });
      assert.equal(tab.storage, "memory");
      assert.equal(
        (await tab.updateTaskAttributes(TASK, { a: 1 })).outcome,
        "kept",
      );
      isUp = true;
      assert.deepEqual(await tab.flush(), []);
    });
    assert.match(lines[0], /denies storage/);
  } finally {
    Object.defineProperty(globalThis, "localStorage", {
      configurable: true,
      writable: true,
    });
  }
});

test("where storage is full a change is kept in memory, behind those that are stored", async () => {
  let isUp = false;
  await serve((request) => (isUp ? done(request) : null));
  const tab = open({ retry: IMPATIENT });
  await tab.updateTaskAttributes(TASK, { n: 1 });
  storage().setItem = () => {
    throw new Error("QuotaExceededError");
  };

  await silenced("warn", async () => {
    await tab.updateTaskAttributes(TASK, { n: 2 });
    assert.equal(tab.storage, "memory");
    assert.equal(tab.pending().length, 2);
    isUp = true;
    requests().length = 0;
    assert.deepEqual(await tab.flush(), []);
  });
  assert.deepEqual(
    sent("attributes").map(({ n }) => n),
    [1, 2],
  );
});

test("what is no change any more is taken out and named", async () => {
  await serve();
  const start = `task-attributes|${new URL(address()).host}|change|${TASK}|`;
  for (const [n, text] of ["{", "null", '{"kind": "other"}', "7"].entries()) {
    storage().setItem(`${start}00000000000000${n}|x${n}`, text);
  }

  const lines = await silenced("error", async () => {
    const tab = open();
    assert.equal(
      (await tab.updateTaskAttributes(TASK, { a: 1 })).outcome,
      "updated",
    );
  });

  assert.equal(lines.length, 4);
  assert.deepEqual([kept(), requests().length], [0, 1]);
});

test("a clock that was set back changes no order", async (t) => {
  let isUp = false;
  await serve((request) => (isUp ? done(request) : null));
  const later = open({ retry: IMPATIENT });
  t.mock.timers.enable({ apis: ["Date"], now: 2_000_000_000_000 });
  await later.updateTaskAttributes(TASK, { n: 1 });
  t.mock.timers.setTime(1_999_999_000_000);
  const tab = open({ retry: IMPATIENT });
  await tab.updateTaskAttributes(TASK, { n: 2 });
  isUp = true;
  requests().length = 0;
  await tab.flush();

  assert.deepEqual(
    sent("attributes").map(({ n }) => n),
    [1, 2],
  );
});

test("a change that waited longer than a task can live is given up and told", async (t) => {
  let isUp = false;
  await serve((request) => (isUp ? done(request) : null));
  t.mock.timers.enable({ apis: ["Date"], now: Date.now() });
  await open({ retry: IMPATIENT }).updateTaskAttributes(TASK, { old: true });
  t.mock.timers.setTime(Date.now() + 1_209_600_001);
  isUp = true;
  requests().length = 0;
  const told = [];
  const tab = open({
    retry: IMPATIENT,
    onRefused: ({ name }) => told.push(name),
  });

  assert.equal(
    (await tab.updateTaskAttributes(TASK, { fresh: true })).outcome,
    "updated",
  );

  assert.deepEqual(
    [told, sent("attributes")],
    [["expired"], [{ fresh: true }]],
  );
});

test("a number JSON does not have is refused, since null would remove the attribute", async () => {
  await serve();
  const tab = open();

  for (const score of [NaN, Infinity]) {
    assert.throws(
      () => tab.updateTaskAttributes(TASK, { score }),
      /score is .*, which JSON does not have/,
    );
  }

  assert.deepEqual([tab.pending(), requests()], [[], []]);
});
