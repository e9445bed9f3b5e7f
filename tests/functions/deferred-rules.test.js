"use strict";

const assert = require("node:assert/strict");
const { test } = require("node:test");
const { load } = require("./runtime");

const { fromPlain, readJson, textOf, toPlain } = load("tasks/json-values");
const rules = load("tasks/deferred-rules");

const TASK = "WT1";
const merge = (patch) => [fromPlain({ merge: patch })];
const deferring = (document, patch, id) =>
  rules.defer(document, merge(patch), id) ?? document;
const plain = (document) => toPlain(document);

test("deferred changes are folded into the open batch", () => {
  const empty = rules.emptyDocument(TASK);

  const document = deferring(deferring(empty, { a: 1 }, "x1"), { b: 2 }, "x2");

  const [batch, ...others] = plain(document).batches;
  assert.deepEqual(others, []);
  assert.match(batch.id, /^[A-Za-z0-9]{8}$/);
  assert.deepEqual(
    { ...batch, id: "" },
    {
      id: "",
      sealed: false,
      changes: ["x1", "x2"],
      operations: [{ merge: { a: 1, b: 2 } }],
    },
  );
  assert.deepEqual(plain(empty).batches, []);
});

test("what is deferred after a take goes into another batch and stays", () => {
  const taken = rules.seal(
    deferring(rules.emptyDocument(TASK), { a: 1 }, "x1"),
  );
  const [first] = rules.batchesIn(taken);

  const later = deferring(taken, { b: 2 }, "x2");
  const dropped = rules.drop(later, [first.id]);

  assert.deepEqual(plain(dropped).batches[0].changes, ["x2"]);
  assert.deepEqual(plain(dropped).done, ["x1"]);
});

test("a change whose id is kept or was flushed is not kept again", () => {
  const kept = deferring(rules.emptyDocument(TASK), { a: 1 }, "x1");
  const sealed = rules.seal(kept);
  const ids = rules.batchesIn(sealed).map((batch) => batch.id);

  for (const document of [kept, sealed, rules.drop(sealed, ids)]) {
    assert.equal(rules.defer(document, merge({ a: 2 }), "x1"), null);
  }
});

test("a whole number of any length, kept by Python, can be read", () => {
  const digits = `1${"0".repeat(400)}`;
  const operations = `[{"merge":{"n":${digits}}}]`;
  const text =
    `{"task_sid":"${TASK}","batches":[{"id":"aaaaaaaa","sealed":true,` +
    `"changes":["x1"],"operations":${operations}}],"done":[]}`;

  const document = rules.checkedDocument(TASK, readJson(text));

  assert.equal(textOf(rules.batchesIn(document)[0].change), operations);
});

test("taking and dropping twice is doing it once", () => {
  const sealed = rules.seal(
    deferring(rules.emptyDocument(TASK), { a: 1 }, "x1"),
  );
  const [{ id }] = rules.batchesIn(sealed);

  assert.equal(rules.seal(sealed), null);
  assert.equal(rules.drop(rules.drop(sealed, [id]), [id]), null);
});

test("the newest 50 ids are remembered", () => {
  let document = rules.emptyDocument(TASK);
  for (let n = 0; n < 60; n += 1)
    document = deferring(document, { n }, `x${n}`);
  document = rules.seal(document);

  const [{ id }] = rules.batchesIn(document);
  const { done } = plain(rules.drop(document, [id]));

  assert.deepEqual(
    done,
    Array.from({ length: 50 }, (_, n) => `x${n + 10}`),
  );
});

test("a document is at most 10 KiB, counted as UTF-8", () => {
  const document = deferring(rules.emptyDocument(TASK), { a: "ü" }, "x1");

  assert.throws(() => deferring(document, { b: "ü".repeat(5200) }, "x2"), {
    name: "too-large",
    message:
      /^deferred changes of WT1 would be \d{5} bytes, the limit is 10240/,
  });
  assert.ok(deferring(document, { b: "u".repeat(5200) }, "x2"));
});

test("what Python wrote is read, numbers as they are", () => {
  const text =
    '{"task_sid":"WT1","batches":[{"id":"a1B2c3D4","sealed":true,"changes":["x1"],' +
    '"operations":[{"merge":{"n":12345678901234567890,"9":1.0}}]}],"done":["x0"]}';

  const document = rules.checkedDocument(TASK, readJson(text));

  assert.equal(textOf(document), text);
  const [{ id, count }] = rules.batchesIn(document);
  assert.deepEqual([id, count], ["a1B2c3D4", 1]);
});

test("what has another shape is left alone and said", () => {
  const good = plain(deferring(rules.emptyDocument(TASK), { a: 1 }, "x1"));
  const [batch] = good.batches;
  for (const bad of [
    {},
    { ...good, task_sid: "WT2" },
    { ...good, done: [1] },
    { ...good, batches: {} },
    { ...good, batches: [{ ...batch, sealed: "yes" }] },
    { ...good, batches: [{ ...batch, operations: [{ set: {} }] }] },
    { ...good, batches: [null] },
  ]) {
    assert.throws(() => rules.checkedDocument(TASK, fromPlain(bad)), {
      name: "conflict",
      message: /cannot be read; they were left as they are/,
    });
  }
});
