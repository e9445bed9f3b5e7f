"use strict";

const assert = require("node:assert/strict");
const fs = require("node:fs");
const path = require("node:path");
const { test } = require("node:test");
const { load, seeded } = require("./runtime");

const { fromPlain, readJson, same, textOf, toPlain } =
  load("tasks/json-values");
const { apply, changeProblems, fold, isRepeatable, readChange } =
  load("tasks/change");
const { markOf, marksIn, newMark, wasApplied, withMarks } = load("tasks/marks");

const VECTORS = path.join(__dirname, "../ops/task_attributes/vectors.json");
const vectors = readJson(fs.readFileSync(VECTORS, "utf8"));
const cases = (kind) =>
  vectors.get(kind).map((vector) => Object.fromEntries(vector));
const places = (value) =>
  [...changeProblems(value, "change")].map((problem) => problem.split(":")[0]);

function assertSame(actual, expected) {
  assert.ok(same(actual, expected), `${textOf(actual)} ${textOf(expected)}`);
}

for (const { name, attributes, change, result, error } of cases("apply")) {
  test(`apply: ${name}`, () => {
    const before = textOf(attributes);

    assert.deepEqual([...changeProblems(change, "change")], []);
    if (error === undefined) {
      assertSame(apply(readChange(change), attributes), result);
    } else {
      const { path: wanted, at, found } = toPlain(error);
      const told = `cannot append to ${wanted.join(".")}: ${at.join(".")} is of type ${found} `;
      assert.throws(
        () => apply(readChange(change), attributes),
        (failure) =>
          failure.name === "not-applicable" && failure.message.startsWith(told),
      );
    }
    assert.equal(textOf(attributes), before);
  });
}

for (const { name, first, second, folded } of cases("fold")) {
  test(`fold: ${name}`, () => {
    assertSame(fold(readChange(first), readChange(second)), folded);
  });
}

for (const { name, change, places: expected } of cases("invalid")) {
  test(`no change: ${name}`, () => {
    assert.deepEqual([...new Set(places(change))], expected);
  });
}

for (const { name, attributes, marks, limit, result } of cases("with_marks")) {
  test(`marks: ${name}`, () => {
    assertSame(withMarks(attributes, marks, Number(limit.number)), result);
  });
}

for (const { name, mark, before, now, applied } of cases("was_applied")) {
  test(`lost answers: ${name}`, () => {
    assert.equal(wasApplied(mark, before, now), applied);
  });
}

for (const { id, mark } of cases("mark_of")) {
  test(`the mark of the id ${id}`, () => assert.equal(markOf(id), mark));
}

const KEYS = ["a", "b", "10", "__proto__", "constructor"];

// Small values over few keys, so that changes meet.
function makers(seed) {
  const { below } = seeded(seed);
  const pick = (list) => list[below(list.length)];
  const scalar = () => pick([null, true, 1, "x"]);
  const key = () => pick(KEYS);
  const object = (depth) =>
    new Map(
      Array.from({ length: below(3) }, () => [key(), fromPlain(value(depth))]),
    );
  function value(depth) {
    const kind = below(depth > 0 ? 4 : 2);
    if (kind === 2)
      return Array.from({ length: below(3) }, () => value(depth - 1));
    return kind === 3 ? toPlain(object(depth - 1)) : scalar();
  }
  const listed = () =>
    fromPlain({
      path: Array.from({ length: 1 + below(2) }, key),
      values: [value(1)],
    });
  const operation = () => {
    const name = pick(["merge", "merge", "append", "remove"]);
    return new Map([[name, name === "merge" ? object(3) : listed()]]);
  };
  const change = () => Array.from({ length: below(4) }, operation);
  return { change, attributes: () => object(3) };
}

function outcome(work) {
  try {
    return work();
  } catch (error) {
    return error.name;
  }
}

test("a folded change does what the two do, one after the other", () => {
  const { change, attributes } = makers(11);
  for (let round = 0; round < 3000; round += 1) {
    const [first, second, before] = [change(), change(), attributes()];

    const folded = outcome(() => apply(fold(first, second), before));

    const apart = outcome(() => apply(second, apply(first, before)));
    assertSame(folded, apart);
  }
});

test("a change that may be repeated ends the same when it is", () => {
  const { change, attributes } = makers(12);
  for (let round = 0; round < 2000; round += 1) {
    const [repeated, before] = [change(), attributes()];
    if (!isRepeatable(repeated)) continue;

    const once = apply(repeated, before);

    assertSame(apply(repeated, once), once);
  }
});

test("values a change brings in are written as they came", () => {
  const change = readJson(
    '[{"append":{"path":["n"],"values":[9007199254740993,1.50,{"10":1,"9":2}]}}]',
  );

  const after = apply(readChange(change), readJson('{"n":[1e400]}'));

  assert.equal(
    textOf(after),
    '{"n":[1e400,9007199254740993,1.50,{"10":1,"9":2}]}',
  );
});

test("new marks are 8 letters and digits and differ", () => {
  const made = Array.from({ length: 100 }, newMark);

  assert.equal(new Set(made).size, 100);
  assert.deepEqual(
    marksIn(
      new Map([["applied_changes", [...made, "short", { number: "1" }]]]),
    ),
    made,
  );
});
