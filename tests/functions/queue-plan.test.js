"use strict";

const assert = require("node:assert/strict");
const { test } = require("node:test");
const { load, seeded } = require("./runtime");

const { applyItem, cutShards, planItems, readPlan } = load("batch/queue-plan");

const sid = (prefix, n) => `${prefix}${String(n).padStart(32, "0")}`;
const range = (n, prefix) =>
  Array.from({ length: n }, (_, index) => sid(prefix, index));

function randomWorkspace({ below, some }) {
  const all = range(6, "WQ");
  const queues = some(all);
  const workers = range(below(30), "WK").map((worker) => ({
    sid: worker,
    held: some(all),
  }));
  const eligible = new Map(
    queues.map((queue) => [
      queue,
      new Set(some(workers).map((worker) => worker.sid)),
    ]),
  );
  return { queues, workers, eligible };
}

const asListed = ({ sid: worker, held }) => ({
  sid: worker,
  attributes: JSON.stringify({ queues: held }),
});

function applyAll(queues, items, workers) {
  const bySid = new Map(items.map((item) => [item[0], item]));
  return workers.map((worker) => {
    const item = bySid.get(worker.sid);
    return item
      ? { ...worker, held: applyItem(queues, item, worker.held) }
      : worker;
  });
}

test("after a plan is applied exactly the eligible workers hold its queues, others are untouched", () => {
  const random = seeded(3);
  for (let round = 0; round < 300; round += 1) {
    const { queues, workers, eligible } = randomWorkspace(random);

    const items = planItems(queues, eligible, workers.map(asListed));
    const after = applyAll(queues, items, workers);

    after.forEach(({ sid: worker, held }, index) => {
      for (const queue of range(6, "WQ")) {
        const expected = eligible.has(queue)
          ? eligible.get(queue).has(worker)
          : workers[index].held.includes(queue);
        assert.equal(held.includes(queue), expected);
      }
    });
    assert.deepEqual(planItems(queues, eligible, after.map(asListed)), []);
  }
});

test("applying a plan twice changes nothing more", () => {
  const random = seeded(4);
  for (let round = 0; round < 200; round += 1) {
    const { queues, workers, eligible } = randomWorkspace(random);
    const items = planItems(queues, eligible, workers.map(asListed));

    const once = applyAll(queues, items, workers);

    assert.deepEqual(applyAll(queues, items, once), once);
  }
});

test("a worker listed without attributes is planned either way, applying it decides", () => {
  const eligible = new Map([["WQ1", new Set(["WK1"])]]);
  const workers = ["WK1", "WK2"].map((worker) => ({
    sid: worker,
    attributes: null,
  }));

  assert.deepEqual(planItems(["WQ1"], eligible, workers), [
    ["WK1", [0], []],
    ["WK2", [], [0]],
  ]);
});

test("shards hold all items in order, each below 10 KiB and none empty", () => {
  const { below, some } = seeded(5);
  const queues = range(40, "WQ");
  const indexes = queues.map((_, index) => index);
  for (const count of [0, 1, 50, 1200]) {
    const items = range(count, "WK").map((w) => [
      w,
      some(indexes, 0.3),
      [below(40)],
    ]);

    const shards = cutShards(queues, items);

    assert.deepEqual(
      shards.flatMap((shard) => shard.items),
      items,
    );
    for (const shard of shards) {
      assert.ok(shard.items.length > 0);
      assert.ok(Buffer.byteLength(JSON.stringify(shard)) < 10 * 1024);
    }
  }
});

test("a listing that fails stops the plan, it never means no workers", async () => {
  const taskRouter = {
    eligibleWorkers: async () => {
      throw Object.assign(new Error("oops"), { status: 500 });
    },
    allWorkers: async () => [{ sid: "WK1", attributes: '{"queues":["WQ1"]}' }],
  };

  await assert.rejects(readPlan(taskRouter, ["WQ1"]), /oops/);
});
