import assert from "node:assert/strict";
import { test } from "node:test";
import { createReview } from "../../static/js/review_model.js";

/* The running example, in words of one character: neither annotator is right. */
const span = (start, end, label) => ({ start, end, label });
const tokens = Array.from({ length: 15 }, (_, at) => [at, at + 1]);
const labels = ["PERSON", "CARDINAL", "DATE", "NORP"].map((name) => ({ name }));
const groups = [
  { id: "person", start: 0, end: 3, open: true, options: [{ spans: [span(0, 3, "PERSON")] }] },
  { id: "date", start: 5, end: 8, open: true, options: [{ spans: [span(5, 8, "DATE")] }, { spans: [span(5, 6, "CARDINAL"), span(6, 8, "DATE")] }] },
  { id: "norp", start: 11, end: 12, open: false, options: [{ spans: [span(11, 12, "NORP")] }] },
];
const review = (more = {}) => createReview({ tokens, labels, groups, ...more });
const choices = (model) => Object.fromEntries(model.payload().decisions.map(({ group, choice }) => [group, choice]));

test("two proposals settle the running example", () => {
  const model = review();
  assert.equal(model.current, "person");
  model.take(1);
  model.advance();
  assert.equal(model.current, "date");
  model.take(1);
  assert.deepEqual(model.open(), []);
  assert.equal(model.advance(), false);
  assert.deepEqual(choices(model), { person: "1", date: "1" });
});

test("a proposal that is not there changes nothing", () => {
  const model = review();
  assert.equal(model.take(2), false);
  assert.equal(model.undo(), false);
  assert.deepEqual(model.open(), ["person", "date"]);
});

test("open places are outlined, settled ones are spans, refused ones keep their place", () => {
  const model = review();
  model.take(1);
  model.go("date");
  model.nothing();
  assert.deepEqual(model.marks().map((mark) => [mark.item, mark.label ?? null, mark.decided ?? null]), [
    ["person", "PERSON", null], ["date", null, true], ["norp", "NORP", null],
  ]);
});

test("undo brings back the decision and the place", () => {
  const model = review();
  model.take(1);
  model.advance();
  model.undo();
  assert.equal(model.current, "person");
  assert.deepEqual(model.open(), ["person", "date"]);
});

test("moving a bound starts from the first proposal and counts as edited", () => {
  const model = review();
  assert.equal(model.move("end", -1), true);
  assert.deepEqual(model.payload().decisions, [{ group: "person", choice: "edited", spans: [span(0, 2, "PERSON")] }]);
  assert.equal(model.move("start", -1), false, "the text begins there");
});

test("a span never becomes empty and never runs over another", () => {
  const model = review();
  model.go("norp");
  assert.equal(model.move("end", -1), false);
  model.add(span(12, 13), "DATE");
  model.go("norp");
  assert.equal(model.move("end", 1), false);
  assert.equal(model.add(span(10, 12), "DATE"), false);
});

test("the span that was clicked is the one that changes", () => {
  const model = review();
  model.go("date");
  model.take(2);
  model.go("date", 1);
  model.relabel("NORP");
  assert.deepEqual(model.payload().decisions[0].spans, [span(5, 6, "CARDINAL"), span(6, 8, "NORP")]);
});

test("an agreed place can be overruled", () => {
  const model = review();
  model.go("norp");
  model.nothing();
  assert.deepEqual(choices(model), { norp: "nothing" });
});

test("added spans are stepped through, changed and removed like the others", () => {
  const model = review();
  model.add({ start: 13, end: 14 }, "DATE");
  model.move("start", -1);
  model.relabel("PERSON");
  assert.deepEqual(model.payload().added, [span(12, 14, "PERSON")]);
  model.step(1);
  assert.equal(model.current, "person");
  model.step(-1);
  model.nothing();
  assert.deepEqual(model.payload().added, []);
  model.undo();
  assert.deepEqual(model.payload().added, [span(12, 14, "PERSON")]);
});

test("a new span by keyboard starts on the first free word behind the place", () => {
  const model = review();
  assert.deepEqual(model.freeToken(), { start: 3, end: 4 });
  model.go("norp");
  assert.deepEqual(model.freeToken(), { start: 12, end: 13 });
});

test("a dragged range grows to whole words and is nothing between them", () => {
  const spaced = createReview({ tokens: [[0, 3], [4, 7]], labels, groups: [] });
  assert.deepEqual(spaced.snap({ start: 2, end: 5 }), { start: 0, end: 7 });
  assert.equal(spaced.snap({ start: 3, end: 4 }), null);
  assert.equal(spaced.current, null);
  assert.equal(spaced.step(1), false);
});

test("posted decisions come back after a refusal", () => {
  const model = review({
    decisions: [{ group: "person", choice: "edited", spans: [span(0, 2, "PERSON")] }, { group: "date", choice: "2", spans: [] }],
    added: [span(13, 14, "DATE")],
  });
  assert.deepEqual(model.open(), []);
  assert.deepEqual(model.payload(), {
    decisions: [{ group: "person", choice: "edited", spans: [span(0, 2, "PERSON")] }, { group: "date", choice: "2", spans: [] }],
    added: [span(13, 14, "DATE")],
  });
});

test("a reason goes with its decision, can be taken back, and is kept from before", () => {
  const model = review({ decisions: [{ group: "person", choice: "1", spans: [], reason: "slip" }] });
  model.go("date");
  model.take(1);
  model.because("date", "guideline");
  const reasons = () => Object.fromEntries(model.payload().decisions.map(({ group, reason }) => [group, reason ?? ""]));
  assert.deepEqual(reasons(), { person: "slip", date: "guideline" });
  model.because("person", "");
  assert.deepEqual(reasons(), { person: "", date: "guideline" });
});

test("putting spans settles the places they touch, adds the rest and is one step back", () => {
  const model = review();
  model.add({ start: 13, end: 14 });
  assert.equal(model.put({ start: 4, end: 15 }, [span(5, 6, "CARDINAL"), span(6, 8, "DATE"), span(9, 10, "DATE")]), true);
  assert.deepEqual(choices(model), { date: "2", norp: "nothing" });
  assert.deepEqual(model.payload().added, [span(9, 10, "DATE")]);
  model.put({ start: 0, end: 3 }, [span(1, 3, "NORP")]);
  assert.equal(model.decision("person").choice, "edited");
  model.put({ start: 0, end: 3 }, []);
  assert.equal(model.decision("person").choice, "nothing");
  model.undo(); model.undo(); model.undo();
  assert.deepEqual(choices(model), {});
  assert.equal(model.payload().added.length, 1);
});

test("putting spans into a part of a place leaves its other spans", () => {
  const model = review({ decisions: [{ group: "date", choice: "2", spans: [] }] });
  model.put({ start: 5, end: 6 }, []);
  assert.deepEqual(model.decision("date"), { choice: "edited", spans: [span(6, 8, "DATE")] });
});

test("the same words are decided alike in one step, with the reason", () => {
  const twice = [...groups, { id: "again", start: 12, end: 15, open: true, options: [{ spans: [span(12, 14, "DATE")] }, { spans: [span(12, 15, "DATE")] }] }];
  const model = review({ groups: twice });
  assert.equal(model.decided(), null);
  model.go("date");
  model.take(1);
  model.because("date", "slip");
  const decided = model.decided();
  assert.deepEqual(decided, { group: "date", spans: [span(5, 8, "DATE")], reason: "slip" });
  model.alike(["again"], decided);
  assert.deepEqual(model.payload().decisions.find(({ group }) => group === "again"), { group: "again", choice: "2", spans: [], reason: "slip" });
  model.undo();
  assert.equal(model.decision("again"), null);
});
