"use strict";

const assert = require("node:assert/strict");
const { test } = require("node:test");
const { load, seeded } = require("./runtime");

const { hasEnded, isDead, isLastShard, nextShard, openItems } =
  load("batch/lane");
const { recordItem, releaseLease, takeLease, withShards } = load("batch/lane");
const { sumLanes } = load("batch/documents");

const newLane = (shards) => ({
  generation: 0,
  holder: null,
  lease_expires_at: 0,
  shards,
  cursor: { shard: 0, item: 0 },
  done: 0,
  updated: 0,
  unchanged: 0,
  gone: 0,
  failed: 0,
  failures: [],
});

const claim = (generation, now, holder = "one") => ({
  generation,
  holder,
  now,
});

test("only the next generation takes a lane, and only once", () => {
  const lane = takeLease(newLane([0]), claim(1, 1000));

  assert.equal(lane.generation, 1);
  assert.match(
    takeLease(lane, claim(1, 1000)),
    /generation 1 is not the next one, 2/,
  );
  assert.match(
    takeLease(lane, claim(3, 1000)),
    /generation 3 is not the next one, 2/,
  );
  assert.match(takeLease(newLane([0]), claim(0, 1000)), /not the next one/);
});

test("a held lane is refused until it is released or its lease has run out", () => {
  const lane = takeLease(newLane([0]), claim(1, 1000));

  assert.match(
    takeLease(lane, claim(2, 15_000)),
    /another function holds the lane/,
  );
  assert.equal(
    takeLease(releaseLease(lane, 2000), claim(2, 2001)).generation,
    2,
  );
  assert.equal(takeLease(lane, claim(2, 16_001)).generation, 2);
});

test("a lane is dead when nobody holds it and nobody is due to take over", () => {
  const lane = takeLease(newLane([0]), claim(1, 1000));

  assert.ok(isDead(newLane([0]), 1000));
  assert.ok(!isDead(lane, 15_000));
  assert.ok(isDead(lane, 16_001));
  assert.ok(!isDead(releaseLease(lane, 2000), 3000));
  assert.ok(isDead(releaseLease(lane, 2000), 7001));
  assert.ok(!isDead(nextShard(lane), 99_000));
});

// One hop of a lane as the functions do it, items ending in any order or not at all.
function hop(lane, sizes, { below, random }, ends) {
  let state = lane;
  for (let budget = below(9); budget >= 0 && !hasEnded(state); budget -= 1) {
    const open = openItems(state, sizes[state.shards[state.cursor.shard]]);
    if (open.length === 0) {
      if (isLastShard(state)) return nextShard(state);
      state = nextShard(state);
      continue;
    }
    const item = open[below(open.length)];
    const shard = state.shards[state.cursor.shard];
    const outcome =
      random() < 0.2 ? "unfinished" : ["updated", "gone", "failed"][below(3)];
    state = recordItem(state, {
      item,
      workerSid: `${shard}/${item}`,
      outcome,
      reason: "r",
      used: 1,
    });
    if (outcome !== "unfinished") ends.push(`${shard}/${item}`);
  }
  return state;
}

test("whatever order items end in, each is done once and the cursor reaches the end", () => {
  const random = seeded(11);
  for (let round = 0; round < 200; round += 1) {
    const sizes = Array.from(
      { length: random.below(4) },
      () => 1 + random.below(12),
    );
    let lane = newLane(sizes.map((_, number) => number));
    const ends = [];

    for (let hops = 0; !hasEnded(lane); hops += 1) {
      assert.ok(hops < 500);
      lane = hop(JSON.parse(JSON.stringify(lane)), sizes, random, ends);
    }

    const expected = sizes.flatMap((size, n) =>
      Array.from({ length: size }, (_, i) => `${n}/${i}`),
    );
    assert.deepEqual([...ends].sort(), expected.sort());
    assert.equal(lane.done, expected.length);
    assert.equal(lane.updated + lane.gone + lane.failed, expected.length);
  }
});

test("an unfinished item stays open with the attempts it has used", () => {
  const lane = recordItem(newLane([0]), {
    item: 0,
    workerSid: "WK",
    outcome: "unfinished",
    used: 2,
  });
  const ahead = recordItem(lane, {
    item: 1,
    workerSid: "WK",
    outcome: "updated",
    used: 0,
  });

  assert.deepEqual(openItems(ahead, 3), [0, 2]);
  assert.deepEqual(ahead.attempts, { 0: 2 });
  assert.deepEqual(ahead.cursor, { shard: 0, item: 0 });
});

test("a lane that had ended goes on with shards that are added", () => {
  const lane = withShards(nextShard(newLane([0])), [4]);

  assert.ok(!hasEnded(lane));
  assert.equal(lane.shards[lane.cursor.shard], 4);
});

test("the record sums all lanes and keeps the first 50 failures", () => {
  const failures = (n) =>
    Array.from({ length: n }, (_, i) => ({
      worker_sid: `WK${i}`,
      reason: "r",
    }));
  const lanes = [
    { ...newLane([0]), done: 40, failed: 40, failures: failures(40) },
    { ...newLane([1]), done: 41, failed: 40, gone: 1, failures: failures(40) },
  ];

  const sums = sumLanes(lanes);

  assert.equal(sums.done, 81);
  assert.equal(sums.failed, 80);
  assert.equal(sums.gone, 1);
  assert.equal(sums.failures.length, 50);
});

test("a lane that is taken up again, or begun long after its batch was written, is late", () => {
  const startedAt = new Date(0).toISOString();
  const begin = (lane, generation, now) =>
    takeLease(lane, { generation, holder: "h", now, startedAt });

  const first = begin({ ...newLane([0]), lease_expires_at: 0 }, 1, 1000);
  const next = begin(releaseLease(first, 9000), 2, 12_000);
  const resumed = begin(first, 2, 60_000);

  assert.equal(first.late, false);
  assert.equal(next.late, false);
  assert.equal(resumed.late, true);
  assert.equal(begin(releaseLease(resumed, 61_000), 3, 61_500).late, true);
  assert.equal(
    begin({ ...newLane([0]), lease_expires_at: 0 }, 1, 11_000).late,
    true,
  );
});
