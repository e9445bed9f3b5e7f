"use strict";

const assert = require("node:assert/strict");
const { test } = require("node:test");
const { load } = require("./runtime");

const { fromPlain, problemsOf, readJson, same, textOf, toPlain } =
  load("tasks/json-values");

test("numbers, the order of keys and odd keys are written as they were read", () => {
  const text =
    '{"b":12345678901234567890,"10":1.0,"__proto__":{"a":-0},"constructor":[1e400,{}],"":[]}';

  assert.equal(textOf(readJson(text)), text);
});

test("whitespace and escapes are written in one way", () => {
  const text = ' { "a" : [ 1 , "\\u00fc\\/\\"\\\\" ] , "b" : "x,{}[]:" }\n';

  assert.equal(textOf(readJson(text)), '{"a":[1,"ü/\\"\\\\"],"b":"x,{}[]:"}');
});

test("of a key that is there twice the last value counts", () => {
  assert.equal(textOf(readJson('{"a":1,"b":2,"a":3}')), '{"a":3,"b":2}');
});

test("what is no JSON is refused, and so is what is nested without end", () => {
  for (const text of ["", "{", "{'a':1}", '{"a":1,}', "01", "[1 2]"]) {
    assert.throws(() => readJson(text), SyntaxError);
  }
  assert.throws(
    () => readJson("[".repeat(5000) + "]".repeat(5000)),
    SyntaxError,
  );
});

test("plain values come and go unchanged, without touching a prototype", () => {
  const plain = JSON.parse(
    '{"__proto__":{"admin":true},"a":[1,null,false,"x"]}',
  );

  const again = toPlain(fromPlain(plain));

  assert.equal(JSON.stringify(again), JSON.stringify(plain));
  assert.equal(again.admin, undefined);
  assert.equal({}.admin, undefined);
});

test("numbers are equal by value, whatever they look like", () => {
  for (const [one, other] of [
    ["1", "1.0"],
    ["100", "1e2"],
    ["0", "-0.0"],
    ["-1.50e1", "-15"],
    ["12345678901234567890", "1.234567890123456789E19"],
  ]) {
    assert.ok(same(readJson(one), readJson(other)), `${one} ${other}`);
  }
  for (const [one, other] of [
    ["9007199254740993", "9007199254740992"],
    ["1", "-1"],
    ["1", "true"],
    ["1", '"1"'],
    ["0", "false"],
    ["[]", "{}"],
    ['{"a":1}', '{"b":1}'],
    ["[1,2]", "[2,1]"],
    ["null", "0"],
  ]) {
    assert.ok(!same(readJson(one), readJson(other)), `${one} ${other}`);
  }
  assert.ok(same(readJson('{"a":1,"b":[]}'), readJson('{"b":[],"a":1.0}')));
});

test("what others could not read is named by its place, not by its value", () => {
  const deep = JSON.parse(`${'{"a":'.repeat(300)}1${"}".repeat(300)}`);
  const value = fromPlain({
    far: deep,
    half: "\ud800",
    list: [1, Infinity, 2 ** 53],
    ["\udc00"]: 1,
  });

  const problems = [...problemsOf(value, "x")];

  assert.deepEqual(
    problems.map((p) => p.replace(/^(x\.far)(\.a)+/, "$1…")),
    [
      "x.far…: is nested more than 100 deep",
      "x.half: is no valid Unicode text",
      "x.list[1]: is a number JSON does not have",
      "x.list[2]: is beyond 2^53, send a form body, which keeps such numbers",
      "x: has a key that is no text",
    ],
  );
});
