import assert from "node:assert/strict";
import { test } from "node:test";
import { createCaret } from "../../static/js/annotator/caret.js";
import { createClock, IDLE_AFTER_MS } from "../../static/js/annotator/clock.js";
import { linesOf, tokenIndex } from "../../static/js/annotator/layout.js";
import { offsetsOf } from "../../static/js/annotator/offsets.js";

const TEXT = "Zoe\u0308 👍🏽 met Bo";
const TOKENS = [[0, 4], [5, 7], [8, 11], [12, 14]];
const caretOn = () => createCaret(tokenIndex(TOKENS), offsetsOf(TEXT));

test("the caret extends to both sides of its anchor", () => {
  const caret = caretOn();
  caret.moveTo(2);
  assert.equal(caret.selection, null);
  caret.extendTo(3);
  assert.deepEqual(caret.selection, { start: 8, end: 14 });
  caret.extendTo(1);
  assert.deepEqual(caret.selection, { start: 5, end: 11 });
});

test("the caret stops at the first and the last word", () => {
  const caret = caretOn();
  caret.moveTo(-3);
  assert.equal(caret.token, 0);
  caret.moveTo(99);
  assert.equal(caret.token, 3);
});

test("extending from a span keeps all of it", () => {
  const caret = caretOn();
  caret.moveTo(1);
  caret.anchorAt({ start: 5, end: 11 }, 1);
  caret.extendTo(caret.token + 1);
  assert.deepEqual(caret.selection, { start: 5, end: 14 });
  caret.anchorAt({ start: 5, end: 11 }, -1);
  caret.extendTo(caret.token - 1);
  assert.deepEqual(caret.selection, { start: 0, end: 11 });
});

test("characters are selected by whole grapheme clusters", () => {
  const caret = caretOn();
  assert.equal(caret.selectCharacters(2, 3), true);
  assert.deepEqual(caret.selection, { start: 2, end: 4 });
  caret.selectCharacters(6, 5);
  assert.deepEqual(caret.selection, { start: 5, end: 7 });
  assert.equal(caret.selectCharacters(3, 3), false);
});

test("the edge moves by a grapheme and never makes an empty range", () => {
  const caret = caretOn();
  caret.moveTo(0);
  caret.nudge(-1);
  assert.deepEqual(caret.selection, { start: 0, end: 2 });
  caret.nudge(-1);
  caret.nudge(-1);
  assert.deepEqual(caret.selection, { start: 0, end: 1 });
  caret.nudge(1);
  assert.deepEqual(caret.selection, { start: 0, end: 2 });
});

test("collapsing stands on the last word of what was selected", () => {
  const caret = caretOn();
  caret.moveTo(3);
  caret.extendTo(1);
  caret.collapse();
  assert.equal(caret.token, 3);
  assert.equal(caret.selection, null);
});

test("a range touches the tokens it overlaps, also only in part", () => {
  const index = tokenIndex(TOKENS);
  assert.deepEqual(index.touched({ start: 1, end: 6 }), [0, 1]);
  assert.deepEqual(index.touched({ start: 4, end: 8 }), [1, 1]);
  assert.deepEqual(index.touched({ start: 11, end: 14 }), [3, 3]);
});

test("lines end at LF, CRLF and CR, and positions stay those of the text", () => {
  const text = "😀a\r\nb\n\nc\rd";
  const offsets = offsetsOf(text);
  const lines = linesOf(offsets);
  assert.deepEqual(lines, [[0, 2], [4, 5], [6, 6], [7, 8], [9, 10]]);
  assert.deepEqual(lines.map(([a, b]) => offsets.slice(a, b)), ["😀a", "b", "", "c", "d"]);
});

test("the clock counts work, not absence", () => {
  let now = 0;
  const clock = createClock(() => now);
  now += 10_000;
  clock.touch();
  assert.equal(clock.seconds, 10);
  now += 10 * IDLE_AFTER_MS;
  assert.equal(clock.seconds, 10 + IDLE_AFTER_MS / 1000);
  assert.equal(clock.seconds, 10 + IDLE_AFTER_MS / 1000);
  clock.pause();
  now += 60_000;
  clock.resume();
  now += 5_000;
  assert.equal(clock.seconds, 10 + IDLE_AFTER_MS / 1000 + 5);
});
