import assert from "node:assert/strict";
import { test } from "node:test";
import { keymapFor, nameOf } from "../../static/js/annotator/keyboard.js";
import { shownLines, tokenIndex, unpackTokens } from "../../static/js/annotator/layout.js";
import { nameRuns } from "../../static/js/annotator/names.js";
import { offsetsOf } from "../../static/js/annotator/offsets.js";
import { sameElsewhere } from "../../static/js/annotator/same.js";
import { createModel } from "../../static/js/annotator/spans.js";

const words = (text) => [...text.matchAll(/[\p{L}\p{M}'’]+|[^\s\p{L}\p{M}]/gu)].map(({ index, 0: word }) => {
  const start = [...text.slice(0, index)].length;
  return [start, start + [...word].length];
});
const textOf = (text) => {
  const tokens = words(text);
  return { text, tokens, offsets: offsetsOf(text), index: tokenIndex(tokens) };
};
const at = ({ text }, name, from = 0) => {
  const start = [...text.slice(0, text.indexOf(name, from))].length;
  return { start, end: start + [...name].length };
};
const stored = (model) => model.payload(0).spans.map((s) => [s.start, s.end, s.label, s.origin]);

test("a span gets other bounds, but never another span's", () => {
  const m = createModel({ length: 40, labels: ["PER"], spans: [{ start: 5, end: 9, label: "PER" }, { start: 12, end: 15, label: "PER", origin: "accepted" }] });
  const [first, second] = m.spans;
  assert.equal(m.resize(first.id, { start: 5, end: 13 }), false);
  assert.equal(m.resize(first.id, { start: 5, end: 5 }), false);
  assert.equal(m.resize(first.id, { start: 5, end: 41 }), false);
  assert.equal(m.resize(first.id, { start: 2, end: 12 }), true);
  assert.equal(m.resize(second.id, { start: 12, end: 14 }), true);
  assert.deepEqual(stored(m), [[2, 12, "PER", "human"], [12, 14, "PER", "edited"]]);
  m.undo();
  m.undo();
  assert.deepEqual(stored(m)[0], [5, 9, "PER", "human"]);
});

test("a span is cut in two without the space between them", () => {
  const m = createModel({ length: 40, labels: ["PER"], spans: [{ start: 5, end: 15, label: "PER" }] });
  assert.equal(m.split(m.spans[0].id, 5, 6), false);
  assert.equal(m.split(m.spans[0].id, 9, 10), true);
  assert.deepEqual(stored(m), [[5, 9, "PER", "human"], [10, 15, "PER", "human"]]);
  assert.equal(new Set(m.spans.map((span) => span.id)).size, 2);
});

test("many ranges are one step, leave spans alone and know what was suggested", () => {
  const m = createModel({
    length: 60,
    labels: ["PER", "LOC"],
    spans: [{ start: 10, end: 13, label: "LOC" }],
    suggestions: [{ start: 20, end: 23, label: "PER", confidence: 0.9 }, { start: 30, end: 36, label: "PER", confidence: 0.9 }],
  });
  assert.equal(m.addMany([{ start: 0, end: 3 }, { start: 11, end: 14 }, { start: 20, end: 23 }, { start: 30, end: 33 }], "PER"), 3);
  assert.deepEqual(stored(m), [[0, 3, "PER", "human"], [10, 13, "LOC", "human"], [20, 23, "PER", "accepted"], [30, 33, "PER", "edited"]]);
  m.undo();
  assert.deepEqual(stored(m), [[10, 13, "LOC", "human"]]);
  assert.equal(m.suggestions.length, 2);
});

test("ten thousand suggestions are sorted out in little time, the stronger kept", () => {
  const suggestions = Array.from({ length: 10_000 }, (_, n) => ({ start: 5 * n, end: 5 * n + 7, label: "PER", confidence: n % 2 ? 0.9 : 0.4 }));
  const m = createModel({ length: 60_000, labels: ["PER"], suggestions });
  assert.equal(m.suggestions.length, 5_000);
  assert.ok(m.suggestions.every((s) => s.confidence === 0.9));
  assert.equal(m.suggestions[1].start, 15);
});

test("undo goes back through any number of steps", () => {
  const m = createModel({ length: 10_000, labels: ["PER"] });
  for (let n = 0; n < 3000; n += 1) m.add({ start: 3 * n, end: 3 * n + 2 }, "PER");
  for (let n = 0; n < 3000; n += 1) assert.ok(m.undo());
  assert.equal(m.spans.length, 0);
  for (let n = 0; n < 3000; n += 1) assert.ok(m.redo());
  assert.equal(m.spans.length, 3000);
});

test("the same words elsewhere are whole words, whatever stands between them", () => {
  const document = textOf("New York and New\nYork, New Yorkers, Old New York New York");
  const found = sameElsewhere(at(document, "New York"), document);
  assert.deepEqual(found.map(({ start, end }) => document.text.slice(start, end)), ["New\nYork", "New York", "New York"]);
});

test("places that would lie over the words themselves or each other are left out", () => {
  const document = textOf("na na na na na");
  assert.deepEqual(sameElsewhere({ start: 3, end: 8 }, document), [{ start: 9, end: 14 }]);
});

test("a part of a word is looked for as a string, never as part of a character", () => {
  const document = textOf("undo unfold Zoun\u0303 \u{1F600}un un");
  const found = sameElsewhere({ start: 0, end: 2 }, document);
  assert.deepEqual(found.map(({ start, end }) => document.offsets.slice(start, end)), ["un", "un", "un"]);
  assert.equal(document.offsets.slice(found[1].start - 1, found[1].end), "\u{1F600}un");
});

test("names are runs of capitals with little words between, within a line", () => {
  const document = textOf("the Bank of England met Ada Lovelace-Byron in Oslo\nParis of old");
  const runs = nameRuns(document.tokens, document.offsets).map(([first, last]) => document.text.slice(document.tokens[first][0], document.tokens[last][1]));
  assert.deepEqual(runs, ["Bank of England", "Ada Lovelace-Byron", "Oslo", "Paris"]);
  assert.deepEqual(nameRuns(textOf("東京 بغداد").tokens, offsetsOf("東京 بغداد")), []);
});

test("a very long line is shown in pieces that begin at words and lose nothing", () => {
  const document = textOf("One two. ".repeat(2000));
  const lines = shownLines(document.offsets, document.tokens);
  assert.ok(lines.length > 4);
  assert.equal(lines.map(([start, end]) => document.text.slice(start, end)).join(""), document.text);
  for (const [start, end] of lines) {
    assert.ok(end - start <= 4000);
    assert.ok(document.text.slice(start).startsWith("One") || end === document.text.length);
  }
  const short = textOf("one\r\ntwo");
  assert.deepEqual(shownLines(short.offsets, short.tokens), [[0, 3], [5, 8]]);
});

test("a line without words or ends of sentences is cut too, but only where a word begins", () => {
  const document = textOf(`${"漢".repeat(9000)}`);
  assert.deepEqual(shownLines(document.offsets, document.tokens), [[0, 9000]]);
});

test("edges of words are found from anywhere, and stay where there are no more", () => {
  const { index } = textOf("Ada  Byron x");
  assert.equal(index.edge("end", 3, 1), 10);
  assert.equal(index.edge("end", 10, -1), 3);
  assert.equal(index.edge("end", 7, 1), 10);
  assert.equal(index.edge("end", 12, 1), 12);
  assert.equal(index.edge("start", 0, -1), 0);
  assert.equal(index.edge("start", 0, 1), 5);
  assert.equal(index.edge("start", 5, -1), 0);
});

test("a person's own keys take the place of the standard ones", () => {
  const keymap = keymapFor([{ name: "PER", key: "p" }], { skip: ["p", "J"], submit: ["F2"] });
  const key = (name) => ({ key: name, code: "" });
  assert.deepEqual(keymap.actionOf(key("J")), { command: "skip" });
  assert.deepEqual(keymap.actionOf(key("p")), { command: "label", label: "PER" });
  assert.equal(keymap.actionOf(key("s")), null);
  assert.deepEqual(keymap.hints.get("submit"), ["F2"]);
});

test("stops and commas keep their places on other alphabets' layouts", () => {
  assert.equal(nameOf({ key: "ю", code: "Period" }), ".");
  assert.equal(nameOf({ key: "б", code: "Comma" }), ",");
});

test("tokens come packed as gaps and lengths", () => {
  assert.deepEqual(unpackTokens("0 3 1 3 2 10"), [[0, 3], [4, 7], [9, 19]]);
  assert.deepEqual(unpackTokens(""), []);
});
