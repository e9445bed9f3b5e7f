"use strict";

const assert = require("node:assert/strict");
const { test } = require("node:test");
const { load } = require("./runtime");

const { isSigned, readPayload, signMessage } = load("batch/signing");

const NOW = 1_790_000_000_000;
const CONTENT = { batch: "a".repeat(20), lane: 0, generation: 1 };
const message = () => signMessage("secret", CONTENT, NOW);

test("a message is signed over timestamp and payload with HMAC-SHA256", () => {
  // printf '1790000000.<payload>' | openssl dgst -sha256 -hmac secret
  assert.deepEqual(message(), {
    payload: '{"batch":"aaaaaaaaaaaaaaaaaaaa","lane":0,"generation":1}',
    timestamp: "1790000000",
    signature:
      "e6b1443b6ec6132581d2dc1519ea2a9803a6389f68fa4ef6ad238ef001a6d2b8",
  });
});

test("a signed message is accepted within 5 minutes either way", () => {
  for (const seconds of [-300, 0, 300])
    assert.ok(isSigned("secret", message(), NOW + seconds * 1000));
  for (const seconds of [-301, 301])
    assert.ok(!isSigned("secret", message(), NOW + seconds * 1000));
});

test("a message that was changed, unsigned or signed with another secret is refused", () => {
  const good = message();
  const forged = [
    { ...good, payload: good.payload.replace('"lane":0', '"lane":1') },
    { ...good, timestamp: "1790000001" },
    {
      ...good,
      signature: good.signature.replace(/.$/, (c) => (c === "0" ? "1" : "0")),
    },
    { ...good, signature: good.signature.slice(2) },
    { ...good, signature: "" },
    { ...good, signature: undefined },
    { ...good, timestamp: 1790000000 },
    { ...good, timestamp: "NaN" },
    {},
    signMessage("another", CONTENT, NOW),
  ];

  forged.forEach((each) => assert.ok(!isSigned("secret", each, NOW)));
});

test("a payload of another shape is no message", () => {
  const others = [
    "",
    "null",
    "[]",
    "{}",
    '{"batch":"../x","lane":0,"generation":1}',
  ];
  const wrong = { ...CONTENT, lane: -1 };

  others.forEach((payload) => assert.equal(readPayload(payload), null));
  assert.equal(readPayload(JSON.stringify(wrong)), null);
  assert.deepEqual(readPayload(message().payload), CONTENT);
});
