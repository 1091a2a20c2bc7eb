import assert from "node:assert/strict";
import { test } from "node:test";
import { createStore, reconcile, sameWork } from "../../static/js/annotator/drafts.js";

const span = (start, end, label = "PER") => ({ start, end, label, origin: "human" });
const work = (...spans) => ({ spans, refused: [] });

function memory(limit = Infinity) {
  const kept = {};
  for (const [name, value] of Object.entries({
    getItem: (key) => kept[key] ?? null,
    setItem: (key, text) => { if (text.length > limit) throw new Error("full"); kept[key] = text; },
    removeItem: (key) => { delete kept[key]; },
  })) Object.defineProperty(kept, name, { value });
  return kept;
}

test("work is the same whatever order and origin its spans have", () => {
  assert.ok(sameWork(work(span(0, 3), span(8, 13)), work({ ...span(8, 13), origin: "edited" }, span(0, 3))));
  assert.ok(!sameWork(work(span(0, 3)), work(span(0, 3, "LOC"))));
  assert.ok(!sameWork(work(), { spans: [], refused: [span(0, 3)] }));
});

test("what the server never got is shown and still to be saved", () => {
  const local = { ...work(span(0, 3)), revision: 2, dirty: true };
  const known = reconcile({ ...work(), revision: 2 }, local);
  assert.deepEqual([known.steps, known.revision, known.dirty, known.both], [[local], 2, true, false]);
});

test("what was saved elsewhere meanwhile is shown last, and what was here one step before", () => {
  const local = { ...work(span(0, 3)), revision: 1, dirty: true };
  const server = { ...work(span(8, 13)), revision: 4 };
  const known = reconcile(server, local);
  assert.deepEqual([known.steps, known.revision, known.dirty, known.both], [[local, server], 4, false, true]);
});

test("without unsaved work here the server's draft counts", () => {
  const server = { ...work(span(0, 3)), revision: 3 };
  assert.deepEqual(reconcile(server, { ...work(), revision: 1, dirty: false }).steps, [server]);
  assert.deepEqual(reconcile(null, null), { steps: [], revision: 0, dirty: false, both: false });
  assert.deepEqual(reconcile({ revision: 3 }, null).steps, []);
});

test("a browser that keeps nothing says so", () => {
  assert.equal(createStore(memory(5)).put("a", work(span(0, 3))), false);
  assert.equal(createStore(undefined).put("a", work()), false);
  assert.equal(createStore(undefined).get("a"), null);
});

test("owed is what is unsaved or waits to be sent, oldest first, but not the document on screen", () => {
  let moment = 1000;
  const storage = memory();
  const store = createStore(storage, () => moment++);
  store.put("b", { ...work(), pending: { action: "submit" } });
  store.put("a", { ...work(), dirty: true });
  store.put("c", { ...work(), dirty: false });
  store.put("here", { ...work(), dirty: true });
  store.put("asked", { ...work(), dirty: true, asked: true });
  storage.setItem("other", "x");
  assert.deepEqual(store.owed("here").map((entry) => entry.assignment), ["b", "a"]);
  moment += 61 * 24 * 3600 * 1000;
  assert.deepEqual(store.owed("here"), []);
  assert.equal(storage.getItem("other"), "x");
});
