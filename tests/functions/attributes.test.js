"use strict";

const assert = require("node:assert/strict");
const { test } = require("node:test");
const { load, seeded } = require("./runtime");

const { canonicalJson, digest, hasRightDigest, parseAttributes, withQueues } =
  load("workers/attributes");

const WQ = (n) => `WQ${String(n).padStart(32, "0")}`;

test("canonical JSON sorts keys at every level by code point and has no spaces", () => {
  const value = {
    b: [{ z: 1, a: "ü" }],
    "\u{1F600}": null,
    "\uFFFD": true,
    a: 1.5,
  };

  const actual = canonicalJson(value);

  assert.equal(
    actual,
    '{"a":1.5,"b":[{"a":"ü","z":1}],"\uFFFD":true,"\u{1F600}":null}',
  );
});

test("the digest is the first 16 characters of SHA-256 over everything but itself", () => {
  // printf '{"queues":["WQ1"],"skill":"a"}' | sha256sum
  const expected = "4951d6bb09eec9f6";

  assert.equal(digest({ skill: "a", queues: ["WQ1"] }), expected);
  assert.equal(
    digest({ queues_digest: "x", queues: ["WQ1"], skill: "a" }),
    expected,
  );
});

test("a change by hand makes the digest wrong, our own write makes it right", () => {
  const { text } = withQueues({ skill: "a" }, [WQ(1)]);
  const written = parseAttributes(text);

  assert.ok(hasRightDigest(written));
  assert.ok(!hasRightDigest({ ...written, skill: "b" }));
  assert.ok(!hasRightDigest({ ...written, queues: [] }));
  assert.ok(!hasRightDigest({ skill: "a" }));
});

test("only queues and queues_digest change; other keys keep value and place", () => {
  const before =
    '{"z":1,"queues":["WQx"],"a":{"b":[1,"\\u00fc",null]},"__proto__":{"p":1},"full":"N"}';

  const { text } = withQueues(parseAttributes(before), [WQ(2), WQ(1), WQ(2)]);

  const expected = before
    .replace('["WQx"]', JSON.stringify([WQ(1), WQ(2)]))
    .replace("\\u00fc", "ü");
  assert.equal(text.replace(/,"queues_digest":"[0-9a-f]{16}"/, ""), expected);
});

test("numbers JavaScript cannot hold, and keys it would move, stay as they are written", () => {
  const source =
    '{"id":12345678901234567890,"rate":1.0,"b":-0,"10":[1e400,{"x,}":"\\"]"}],"9":"sip:a\\/b\\\\/"}';

  const { text } = withQueues(parseAttributes(source), [WQ(1)], { source });

  const ours = `,"queues":["${WQ(1)}"],"queues_digest":`;
  assert.equal(
    text.slice(0, text.indexOf(ours) + 1),
    `${source.slice(0, -1).replace("a\\/b", "a/b")},`,
  );
  assert.ok(hasRightDigest(parseAttributes(text)));
});

test("the same queues in another order are no change, unless they are to be brought into form", () => {
  const attributes = { queues: [WQ(2), WQ(1)] };

  assert.equal(withQueues(attributes, [WQ(1), WQ(2)]), null);
  assert.deepEqual(
    parseAttributes(
      withQueues(attributes, [WQ(1), WQ(2)], { sorted: true }).text,
    ).queues,
    [WQ(1), WQ(2)],
  );
});

test("a worker without an array of queues gets one, even an empty one", () => {
  for (const attributes of [
    {},
    { queues: null },
    { queues: "WQ" },
    { queues: {} },
  ]) {
    assert.deepEqual(
      parseAttributes(withQueues(attributes, []).text).queues,
      [],
    );
  }
  assert.equal(withQueues({ queues: [] }, []), null);
});

test("writing twice is writing once, whatever the attributes are", () => {
  const { below, some } = seeded(7);
  const queues = Array.from({ length: 12 }, (_, n) => WQ(n));
  for (let round = 0; round < 500; round += 1) {
    const attributes = {
      n: below(3),
      queues: some(queues),
      deep: { list: some([1, "a", null]) },
    };
    const wanted = some(queues);

    const change = withQueues(attributes, wanted);
    const after = change ? parseAttributes(change.text) : attributes;

    assert.deepEqual([...after.queues].sort(), [...wanted].sort());
    assert.equal(withQueues(after, wanted), null);
    if (change) assert.ok(hasRightDigest(after));
  }
});

test("characters are counted as people count them, not as UTF-16 units", () => {
  const { text, characters } = withQueues({ name: "\u{1F600}" }, []);

  assert.equal(characters, text.length - 1);
});

test("attributes that are no JSON object are refused", () => {
  for (const text of ["", "x", "[]", "null", '"a"', undefined]) {
    assert.throws(
      () => parseAttributes(text),
      /the attributes are not JSON|not a JSON object/,
    );
  }
});
