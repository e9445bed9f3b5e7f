"use strict";

const assert = require("node:assert/strict");
const { test } = require("node:test");
const { load } = require("./runtime");

const { readJson, textOf } = load("tasks/json-values");
const { Attempts, OutOfTime } = load("retry");
const { marksIn, withMarks } = load("tasks/marks");
const { TaskWrite } = load("tasks/write");

const MARK = "aaaaaaaa";
const FAST = { limit: 3, minMs: 1, maxMs: 1 };
const refused = (status) => Object.assign(new Error("refused"), { status });

// A task as Twilio keeps it; `answers` say what becomes of each write: an error with `effect`
// happened although it failed.
class FakeTasks {
  constructor(text, answers = []) {
    Object.assign(this, { text, answers, version: 0, writes: 0 });
  }

  async read(_, attempts) {
    if (this.gone) return null;
    return attempts.run("read", async () => ({
      attributes: readJson(this.text),
      version: `"${this.version}"`,
    }));
  }

  async write(_, { text, version }) {
    this.writes += 1;
    const answer = this.answers.shift() ?? {};
    if (!answer.lost || answer.effect) this.#store(text, version);
    answer.meanwhile?.(this);
    return answer.lost ?? null;
  }

  #store(text, version) {
    if (version !== `"${this.version}"`) throw refused(412);
    this.other(text);
  }

  other(text) {
    this.text = text;
    this.version += 1;
  }
}

const appendX = (attributes) => {
  if (marksIn(attributes).includes(MARK)) return null;
  const list = [...(attributes.get("l") ?? []), "x"];
  const after = new Map(attributes).set("l", list);
  return { attributes: withMarks(after, [MARK]), marks: [MARK] };
};
const mergeA = (attributes) =>
  attributes.get("a") === "new"
    ? null
    : { attributes: new Map(attributes).set("a", "new"), marks: [] };

const lost = () => refused(503);
const running = (tasks, ms = 2000) =>
  new TaskWrite(tasks, "WT1", new Attempts(FAST, Date.now() + ms));
const listOf = (tasks) => JSON.parse(tasks.text).l;

test("a write whose answer was lost is not repeated when it happened", async () => {
  const tasks = new FakeTasks("{}", [{ lost: lost(), effect: true }]);

  const { outcome } = await running(tasks).run(appendX);

  assert.equal(outcome, "updated");
  assert.deepEqual([listOf(tasks), tasks.writes], [["x"], 1]);
});

test("a write that never happened is repeated", async () => {
  const tasks = new FakeTasks("{}", [{ lost: lost() }, { lost: lost() }]);

  const write = running(tasks);
  await write.run(appendX);

  assert.deepEqual([listOf(tasks), tasks.writes], [["x"], 3]);
  assert.equal(write.uncertain, false);
});

test("a late write and its repetition apply once", async () => {
  const tasks = new FakeTasks("{}", [
    { lost: lost() },
    { meanwhile: () => {} },
  ]);
  const store = tasks.write.bind(tasks);
  let first;
  tasks.write = async (sid, change) => {
    if (first) tasks.other(first.text); // the first one arrives just before the second
    first ??= change;
    return store(sid, change);
  };

  const { outcome } = await running(tasks).run(appendX);

  assert.equal(outcome, "updated");
  assert.deepEqual(listOf(tasks), ["x"]);
});

test("others who wrote after a lost answer do not hide what happened", async () => {
  for (const effect of [true, false]) {
    const before = '{"applied_changes":["oldoldol"]}';
    const meanwhile = (there) => {
      for (const n of [1, 2]) {
        const now = JSON.parse(there.text);
        there.other(JSON.stringify({ ...now, n }));
      }
    };
    const tasks = new FakeTasks(before, [{ lost: lost(), effect, meanwhile }]);

    await running(tasks).run(appendX);

    assert.deepEqual(listOf(tasks), ["x"]);
    assert.equal(JSON.parse(tasks.text).n, 2);
  }
});

test("a list of marks that was overwritten tells nothing, and the error says so", async () => {
  const meanwhile = (there) => {
    there.other('{"l":["x"]}');
    there.other('{"l":["x"],"applied_changes":["zzzzzzzz"]}');
  };
  const tasks = new FakeTasks('{"applied_changes":["oldoldol"]}', [
    { lost: lost(), effect: true, meanwhile },
  ]);

  await assert.rejects(running(tasks).run(appendX), {
    name: "twilio",
    retrySafe: false,
  });
  assert.equal(tasks.writes, 1);
});

test("a mark tells although Twilio keeps another spelling of what was sent", async () => {
  const meanwhile = (there) => {
    there.text = there.text.replace("0.10000000000000000001", "0.1");
  };
  const tasks = new FakeTasks('{"x":0.10000000000000000001}', [
    { lost: lost(), effect: true, meanwhile },
  ]);

  const { outcome } = await running(tasks).run(appendX);

  assert.equal(outcome, "updated");
  assert.deepEqual([listOf(tasks), tasks.writes], [["x"], 1]);
});

test("merges are simply applied again", async () => {
  const meanwhile = (there) => ["1", "2"].forEach(() => there.other('{"b":1}'));
  const tasks = new FakeTasks("{}", [
    { lost: lost(), effect: true, meanwhile },
  ]);

  await running(tasks).run(mergeA);

  assert.deepEqual(JSON.parse(tasks.text), { b: 1, a: "new" });
});

test("one mark of several is not the whole write", async () => {
  const both = (attributes) => {
    const present = marksIn(attributes);
    const steps = [MARK, "bbbbbbbb"].filter((m) => !present.includes(m));
    if (steps.length === 0) return null;
    const list = [...(attributes.get("l") ?? []), ...steps];
    const after = new Map(attributes).set("l", list);
    return { attributes: withMarks(after, steps), marks: steps };
  };
  const meanwhile = (there) => {
    const flushed = { l: [MARK], applied_changes: ["oldoldol", MARK] };
    there.other(JSON.stringify(flushed));
    there.other(JSON.stringify({ ...flushed, n: 1 }));
  };
  const before = '{"applied_changes":["oldoldol"]}';
  const tasks = new FakeTasks(before, [{ lost: lost(), meanwhile }]);

  await running(tasks).run(both);

  assert.deepEqual(listOf(tasks), [MARK, "bbbbbbbb"]);
});

test("races are run again at once until the time is over, then nothing is written", async () => {
  const tasks = new FakeTasks("{}");
  const store = tasks.write.bind(tasks);
  tasks.write = async (...given) => {
    tasks.other(textOf(readJson(tasks.text).set("n", `${tasks.version}`)));
    return store(...given);
  };

  await assert.rejects(running(tasks, 400).run(appendX), {
    name: "conflict",
    retrySafe: true,
  });
  assert.equal(listOf(tasks), undefined);
  assert.ok(tasks.writes > 5);
});

test("a write under way when the time is over leaves it open", async () => {
  const tasks = new FakeTasks("{}");
  tasks.write = (_, __, attempts) =>
    attempts.run("write", () => new Promise(() => {}));

  const write = running(tasks, 30);
  await assert.rejects(write.run(appendX), OutOfTime);

  assert.equal(write.uncertain, true);
});

test("attributes over 4096 characters are never sent; characters are code points", async () => {
  const compose = (length) => (attributes) =>
    attributes.has("a")
      ? null
      : {
          attributes: new Map([["a", "\u{1F600}".repeat(length)]]),
          marks: [],
        };
  const tasks = new FakeTasks("{}");

  await assert.rejects(running(tasks).run(compose(4089)), {
    name: "too-large",
  });
  assert.equal(tasks.writes, 0);
  await running(tasks).run(compose(4088));
  assert.equal(tasks.writes, 1);
});

test("a task that is gone, or goes on the way, is gone", async () => {
  const tasks = new FakeTasks("{}", [
    { lost: lost(), meanwhile: (there) => (there.gone = true) },
  ]);

  assert.deepEqual(await running(tasks).run(appendX), { outcome: "gone" });
});
