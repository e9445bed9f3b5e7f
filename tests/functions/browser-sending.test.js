"use strict";

const assert = require("node:assert/strict");
const { test } = require("node:test");
const {
  IMPATIENT,
  TASK,
  done,
  kept,
  loadModule,
  open,
  refusal,
  requests,
  sent,
  serve,
  silenced,
  storage,
} = require("./browser");

for (const [what, failure] of [
  ["a dropped connection", null],
  ["the platform throttling", { status: 429, body: "Too many requests" }],
  ["a function that ran out of time", refusal(503, "out-of-time", true)],
  ["Twilio failing behind the function", refusal(502, "twilio", true)],
  ["races lost until the time was over", refusal(409, "conflict", true)],
  ["a function that crashed", { status: 500, body: '{"code": 20500}' }],
  [
    "a function that is being deployed",
    { status: 404, body: "Could not find it" },
  ],
  ["a page of something on the way", { status: 200, body: "<html></html>" }],
  ["JSON of something on the way", { status: 200, body: { fine: true } }],
  ["nothing at all", { status: 200, body: "null" }],
]) {
  test(`${what} is followed by the same request with the same id`, async () => {
    await serve((request, number) => (number < 4 ? failure : done(request)));

    const { outcome } = await open().updateTaskAttributes(TASK, { a: 1 });

    assert.equal(outcome, "updated");
    assert.equal(requests().length, 4);
    assert.equal(new Set(sent("id")).size, 1);
  });
}

for (const [status, name] of [
  [400, "invalid"],
  [403, "forbidden"],
  [409, "conflict"],
  [413, "too-large"],
  [422, "not-applicable"],
  [502, "twilio"],
]) {
  test(`${status} ${name} is final: it is told, taken out, and blocks nothing`, async () => {
    await serve((request) =>
      request.body.attributes.bad ? refusal(status, name) : done(request),
    );
    const told = [];
    const tab = open({
      onRefused: (error, change) => told.push([error.name, change.taskSid]),
    });

    const [refused, after] = await Promise.allSettled([
      tab.updateTaskAttributes(TASK, { bad: true }),
      tab.updateTaskAttributes(TASK, { good: true }),
    ]);

    assert.ok(
      refused.reason instanceof (await loadModule()).TaskAttributesError,
    );
    const { message, retrySafe, kept } = refused.reason;
    assert.deepEqual(
      [refused.reason.name, refused.reason.status],
      [name, status],
    );
    assert.deepEqual(
      [message, retrySafe, kept],
      [`the function says ${name}`, false, false],
    );
    assert.equal(after.value.outcome, "updated");
    assert.deepEqual(told, [[name, TASK]]);
    assert.deepEqual([tab.pending(), requests().length], [[], 2]);
  });
}

test(
  "a token that never comes holds nothing up: the change is kept",
  {
    timeout: 20_000,
  },
  async () => {
    await serve();
    let isSignedIn = false;
    const token = () => (isSignedIn ? "a-token" : new Promise(() => {}));
    const tab = open({ token, retry: { ...IMPATIENT, timeoutMs: 20 } });

    const { outcome } = await tab.updateTaskAttributes(TASK, { a: 1 });
    const waiting = kept();
    isSignedIn = true;
    const left = await tab.flush();

    assert.deepEqual([outcome, waiting, left], ["kept", 1, []]);
    assert.equal(requests().length, 1);
  },
);

test("what the platform finds too large is given up", async () => {
  await serve(() => ({ status: 413, body: "Payload Too Large" }));

  await assert.rejects(open().updateTaskAttributes(TASK, { a: 1 }), {
    name: "too-large",
  });

  assert.equal(kept(), 0);
});

test("a mistake in onRefused stops nothing", async () => {
  await serve((request, number) =>
    number === 1 ? refusal(400, "invalid") : done(request),
  );
  const onRefused = () => {
    throw new Error("a mistake of the page");
  };

  const lines = await silenced("error", async () => {
    const tab = open({ onRefused });
    const calls = [
      tab.updateTaskAttributes(TASK, {}),
      tab.updateTaskAttributes(TASK, {}),
    ];
    const [, after] = await Promise.allSettled(calls);
    assert.equal(after.value.outcome, "updated");
  });

  assert.match(lines[0], /a mistake of the page/);
});

test("an expired token is asked for once more", async () => {
  await serve((request) =>
    request.body.Token === "fresh"
      ? done(request)
      : refusal(401, "unauthenticated"),
  );
  const tokens = ["stale", "fresh"];

  const { outcome } = await open({
    token: () => tokens.shift(),
  }).updateTaskAttributes(TASK, {});

  assert.equal(outcome, "updated");
  assert.deepEqual(sent("Token"), ["stale", "fresh"]);
  assert.equal(new Set(sent("id")).size, 1);
});

test("without a good token the change is kept, and the error says so", async () => {
  let isSignedIn = false;
  await serve((request) =>
    isSignedIn ? done(request) : refusal(401, "unauthenticated"),
  );
  const tab = open();

  await assert.rejects(tab.updateTaskAttributes(TASK, { a: 1 }), {
    name: "unauthenticated",
    message: "the function says unauthenticated",
    retrySafe: false,
    kept: true,
  });
  assert.deepEqual([requests().length, tab.pending().length], [2, 1]);
  isSignedIn = true;
  assert.deepEqual(await tab.flush(), []);
  assert.equal(new Set(sent("id")).size, 1);
});

for (const [what, token] of [
  ["throws", () => Promise.reject(new Error("secret-token"))],
  ["gives nothing", () => undefined],
]) {
  test(`where token() ${what}, nothing is sent and nothing lost`, async () => {
    await serve();
    const tab = open({ token });

    await assert.rejects(
      tab.updateTaskAttributes(TASK, {}),
      ({ name, message, kept }) =>
        name === "unauthenticated" && kept && !message.includes("secret-token"),
    );

    assert.deepEqual([requests(), tab.pending().length], [[], 1]);
  });
}

test("a token is never kept", async () => {
  await serve(() => null);
  await open({
    token: () => "the-secret",
    retry: IMPATIENT,
  }).updateTaskAttributes(TASK, { a: 1 });

  assert.ok(kept() === 1);
  assert.ok(!storage().contents.includes("the-secret"));
});

test("a reservation is accepted now or never", async () => {
  const reservationSid = "WR00000000000000000000000000000001";
  await serve((request, number) =>
    [null, done(request, "accepted"), refusal(410, "gone")].at(number - 1),
  );
  const tab = open();

  assert.equal(
    (await tab.acceptReservation(TASK, reservationSid)).outcome,
    "accepted",
  );
  await assert.rejects(tab.acceptReservation(TASK, reservationSid), {
    name: "gone",
    status: 410,
  });

  assert.deepEqual(requests()[0].body, {
    Token: "a-token",
    taskSid: TASK,
    reservationSid,
  });
  assert.deepEqual([kept(), requests()[0].path], [0, "/accept-reservation"]);
});

test("a reservation that nobody answers for may be asked for again", async () => {
  await serve(() => null);
  const tab = open({ retry: IMPATIENT });

  await assert.rejects(tab.acceptReservation(TASK, "WR1"), {
    name: "unreachable",
    retrySafe: true,
    kept: false,
  });
});

test("a page that gives no address or no token() is told at once", async () => {
  const { TaskAttributes } = await loadModule();
  assert.throws(
    () => new TaskAttributes({ token: () => "x" }),
    /needs url, a text/,
  );
  assert.throws(
    () => new TaskAttributes({ url: "https://x", token: "x" }),
    /token, a function/,
  );
});
