import assert from "node:assert/strict";
import { test } from "node:test";
import { createModel } from "../../static/js/annotator/spans.js";

const model = (more = {}) => createModel({ length: 100, labels: ["PER", "LOC"], ...more });
const suggestion = (start, end, label, confidence) => ({ start, end, label, confidence });
const stored = (m) => m.payload(0).spans.map((s) => [s.start, s.end, s.label, s.origin]);

test("spans are stored in reading order with their origin", () => {
  const m = model();
  m.add({ start: 20, end: 25 }, "LOC");
  m.add({ start: 0, end: 5 }, "PER");
  assert.deepEqual(stored(m), [[0, 5, "PER", "human"], [20, 25, "LOC", "human"]]);
});

test("a new span takes the place of those it touches", () => {
  const m = model();
  m.add({ start: 0, end: 5 }, "PER");
  m.add({ start: 6, end: 9 }, "PER");
  m.add({ start: 3, end: 7 }, "LOC");
  assert.deepEqual(stored(m), [[3, 7, "LOC", "human"]]);
});

test("neighbours that only meet both stay", () => {
  const m = model();
  m.add({ start: 0, end: 5 }, "PER");
  m.add({ start: 5, end: 9 }, "LOC");
  assert.equal(m.spans.length, 2);
});

test("undo and redo walk through every step and back", () => {
  const m = model({ suggestions: [suggestion(40, 45, "PER", 0.9), suggestion(50, 55, "LOC", 0.9)] });
  const steps = [
    () => m.add({ start: 0, end: 5 }, "PER"),
    () => m.relabel(m.spans[0].id, "LOC"),
    () => m.accept(m.suggestions[0].id),
    () => m.refuse(m.suggestions[0].id),
    () => m.remove(m.spans[0].id),
  ];
  const seen = [JSON.stringify(m.payload(0))];
  for (const step of steps) { assert.ok(step()); seen.push(JSON.stringify(m.payload(0))); }
  for (let i = steps.length - 1; i >= 0; i -= 1) { assert.ok(m.undo()); assert.equal(JSON.stringify(m.payload(0)), seen[i]); }
  assert.equal(m.undo(), false);
  for (let i = 1; i <= steps.length; i += 1) { assert.ok(m.redo()); assert.equal(JSON.stringify(m.payload(0)), seen[i]); }
  assert.equal(m.redo(), false);
});

test("a new step forgets what could be redone", () => {
  const m = model();
  m.add({ start: 0, end: 5 }, "PER");
  m.undo();
  m.add({ start: 6, end: 9 }, "LOC");
  assert.equal(m.canRedo, false);
});

test("undecided suggestions are not stored", () => {
  const m = model({ suggestions: [suggestion(0, 5, "PER", 0.9)] });
  assert.deepEqual(m.payload(1.26), { spans: [], refused: [], seconds: 1.3 });
});

test("hidden suggestions cannot be accepted, refused or stored", () => {
  const m = model({ suggestions: [suggestion(0, 5, "PER", 0.9), suggestion(10, 15, "LOC", 0.4)] });
  const hidden = m.suggestions[1].id;
  m.setThreshold(0.5);
  assert.equal(m.hidden, 1);
  assert.equal(m.accept(hidden), false);
  assert.equal(m.refuse(hidden), false);
  m.acceptAll();
  assert.deepEqual(stored(m), [[0, 5, "PER", "accepted"]]);
  assert.deepEqual(m.payload(0).refused, []);
});

test("a hidden suggestion does not colour the origin of a human span", () => {
  const m = model({ suggestions: [suggestion(10, 15, "LOC", 0.4)] });
  m.setThreshold(0.5);
  m.add({ start: 10, end: 15 }, "LOC");
  assert.deepEqual(stored(m), [[10, 15, "LOC", "human"]]);
});

test("labelling exactly what was suggested accepts it; labelling over it edits it", () => {
  const m = model({ suggestions: [suggestion(0, 5, "PER", 0.9), suggestion(10, 15, "LOC", 0.8)] });
  m.add({ start: 0, end: 5 }, "PER");
  m.add({ start: 10, end: 20 }, "LOC");
  assert.deepEqual(stored(m), [[0, 5, "PER", "accepted"], [10, 20, "LOC", "edited"]]);
  assert.equal(m.suggestions.length, 0);
});

test("an accepted span with another label or other bounds is an edited one", () => {
  const m = model({ suggestions: [suggestion(0, 5, "PER", 0.9), suggestion(10, 15, "LOC", 0.8)] });
  m.acceptAll();
  m.relabel(m.spans[0].id, "LOC");
  m.add({ start: 10, end: 20 }, "LOC");
  assert.deepEqual(stored(m).map((s) => s[3]), ["edited", "edited"]);
});

test("taking back an accepted suggestion refuses it, and undo brings it back", () => {
  const m = model({ suggestions: [suggestion(0, 5, "PER", 0.9)] });
  m.acceptAll();
  m.remove(m.spans[0].id);
  assert.deepEqual(m.payload(0).refused, [{ start: 0, end: 5, label: "PER" }]);
  assert.equal(m.suggestions.length, 0);
  m.undo();
  assert.deepEqual(m.payload(0).refused, []);
});

test("a suggestion under a span is out of sight until the span goes", () => {
  const m = model({ suggestions: [suggestion(0, 5, "PER", 0.9)] });
  m.add({ start: 3, end: 8 }, "LOC");
  assert.equal(m.suggestions.length, 0);
  assert.equal(m.acceptAll(), false);
  m.remove(m.spans[0].id);
  assert.equal(m.suggestions.length, 1);
});

test("of overlapping suggestions the stronger one is offered; unknown labels and ranges are not", () => {
  const m = model({
    suggestions: [suggestion(0, 5, "PER", 0.5), suggestion(3, 8, "LOC", 0.9), suggestion(20, 25, "GONE", 1), suggestion(99, 101, "PER", 1)],
  });
  assert.deepEqual(m.suggestions.map((s) => [s.start, s.label]), [[3, "LOC"]]);
});

test("an impossible range or label is refused loudly", () => {
  const m = model();
  assert.throws(() => m.add({ start: 5, end: 5 }, "PER"), RangeError);
  assert.throws(() => m.add({ start: 0, end: 101 }, "PER"), RangeError);
  assert.throws(() => m.add({ start: 0, end: 1 }, "MISC"), /MISC/);
});

test("spans kept after a refused submission are on screen again", () => {
  const m = model({
    spans: [{ start: 0, end: 5, label: "PER", origin: "accepted" }],
    refused: [{ start: 10, end: 15, label: "LOC" }],
    suggestions: [suggestion(0, 5, "PER", 0.9), suggestion(10, 15, "LOC", 0.8)],
  });
  assert.deepEqual(stored(m), [[0, 5, "PER", "accepted"]]);
  assert.equal(m.suggestions.length, 0);
  assert.equal(m.payload(0).refused.length, 1);
});
