"use strict";

const assert = require("node:assert/strict");
const { test } = require("node:test");
const { load, seeded } = require("./runtime");

const { Attempts, GaveUp, OutOfTime, describeError, isRetryable, jitter } =
  load("retry");
const { readSettings } = load("settings");

const FAST = { limit: 5, minMs: 1, maxMs: 2 };
const soon = () => Date.now() + 2000;
const failure = (status, code) =>
  Object.assign(new Error("refused"), { status, code });

test("429, 5xx and dropped connections are worth another attempt, other answers are not", () => {
  for (const status of [429, 500, 502, 503]) assert.ok(isRetryable({ status }));
  for (const code of ["ECONNRESET", "ETIMEDOUT", "ECONNABORTED"])
    assert.ok(isRetryable({ code }));
  for (const status of [400, 401, 404, 409, 410, 412])
    assert.ok(!isRetryable({ status, code: 20001 }));
  assert.ok(!isRetryable(new TypeError("a mistake of ours")));
});

test("a wait is drawn from nothing up to a bound that doubles until its maximum", () => {
  const limits = { minMs: 100, maxMs: 3000 };

  assert.deepEqual(
    [1, 2, 3, 6, 40].map((retry) => jitter(limits, retry, () => 1)),
    [100, 200, 400, 3000, 3000],
  );
  const { random } = seeded(1);
  for (let n = 0; n < 200; n += 1) {
    const ms = jitter(limits, 3, random);
    assert.ok(ms >= 0 && ms <= 400);
  }
});

test("an operation is repeated until it succeeds", async () => {
  const answers = [
    failure(503),
    failure(429),
    failure(undefined, "ECONNRESET"),
    "done",
  ];
  const operation = async () => {
    const next = answers.shift();
    if (next instanceof Error) throw next;
    return next;
  };

  assert.equal(await new Attempts(FAST, soon()).run("try", operation), "done");
});

test("without the limit variable there are 5 retries, so 6 attempts", async () => {
  const { retry } = readSettings({
    TWILIO_FLEX_WORKSPACE_SID: "WS",
    TWILIO_FLEX_SYNC_SID: "IS",
    BATCH_SECRET: "s",
    DOMAIN_NAME: "d",
  });
  let tried = 0;
  const operation = async () => {
    tried += 1;
    throw failure(500);
  };

  const attempts = new Attempts({ ...retry, minMs: 1, maxMs: 1 }, soon());
  await assert.rejects(attempts.run("try", operation), GaveUp);

  assert.equal(tried, 6);
  assert.deepEqual(retry, { limit: 5, minMs: 100, maxMs: 3000 });
});

test("a variable that is no number means its default", () => {
  const context = {
    TWILIO_FLEX_WORKSPACE_SID: "WS",
    TWILIO_FLEX_SYNC_SID: "IS",
  };
  const others = {
    BATCH_SECRET: "s",
    DOMAIN_NAME: "d",
    BATCH_TIME_BUDGET_MS: "soon",
  };

  assert.equal(readSettings({ ...context, ...others }).budgetMs, 6000);
});

test("a missing secret is an error that names the variable", () => {
  const context = {
    TWILIO_FLEX_WORKSPACE_SID: "WS",
    TWILIO_FLEX_SYNC_SID: "IS",
    BATCH_SECRET: "",
  };

  assert.throws(() => readSettings(context).secret, /BATCH_SECRET is not set/);
});

test("the attempts used in an earlier invocation count", async () => {
  const attempts = new Attempts(FAST, soon(), 5);

  await assert.rejects(
    attempts.run("try", () => Promise.reject(failure(500))),
    GaveUp,
  );
});

test("a refusal is not repeated", async () => {
  const attempts = new Attempts(FAST, soon());

  await assert.rejects(
    attempts.run("try", () => Promise.reject(failure(412))),
    { status: 412 },
  );
  assert.equal(attempts.used, 0);
});

test("a call that hangs ends at the deadline and counts as an attempt", async () => {
  const attempts = new Attempts(FAST, Date.now() + 30);

  await assert.rejects(
    attempts.run("hang", () => new Promise(() => {})),
    OutOfTime,
  );
  assert.equal(attempts.used, 1);
});

test("a reason is one short line with what Twilio answered", () => {
  const reason = describeError(
    Object.assign(failure(400, 20001), { message: "x".repeat(500) }),
  );

  assert.match(reason, /^Twilio answered 400 \(20001\): x+$/);
  assert.equal(reason.length, 110);
});
