import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { offsetsOf } from "../../static/js/annotator/offsets.js";

const cases = JSON.parse(readFileSync(new URL("../fixtures/offsets.json", import.meta.url)));

test("every case shared with Python converts both ways", () => {
  assert.ok(cases.length >= 10);
  for (const { text, spans } of cases) {
    const offsets = offsetsOf(text);
    assert.equal(offsets.length, [...text].length, text);
    for (const span of spans) {
      assert.equal(offsets.unit(span.start), span.utf16_start, text);
      assert.equal(offsets.unit(span.end), span.utf16_end, text);
      assert.equal(offsets.point(span.utf16_start), span.start, text);
      assert.equal(offsets.point(span.utf16_end), span.end, text);
      assert.equal(offsets.slice(span.start, span.end), text.slice(span.utf16_start, span.utf16_end));
    }
  }
});

test("every point of every case survives the round trip", () => {
  for (const { text } of cases) {
    const offsets = offsetsOf(text);
    for (let point = 0; point <= offsets.length; point += 1) assert.equal(offsets.point(offsets.unit(point)), point);
  }
});

test("the middle of a surrogate pair belongs to its code point", () => {
  const offsets = offsetsOf("a😀b");
  assert.equal(offsets.point(2), 1);
  assert.equal(offsets.unit(2), 3);
});

test("a position outside the text is an error, not a guess", () => {
  const offsets = offsetsOf("a😀b");
  assert.throws(() => offsets.unit(4), RangeError);
  assert.throws(() => offsets.unit(-1), RangeError);
  assert.throws(() => offsets.point(5), RangeError);
});

test("a range that cuts a grapheme cluster grows to hold it", () => {
  const family = offsetsOf("x👨‍👩‍👧y");
  assert.deepEqual(family.widen(1, 2), [1, 6]);
  assert.deepEqual(family.widen(3, 7), [1, 7]);
  const accent = offsetsOf("cafe\u0301s");
  assert.deepEqual(accent.widen(0, 4), [0, 5]);
  assert.deepEqual(accent.widen(4, 6), [3, 6]);
  assert.deepEqual(offsetsOf("abc").widen(1, 2), [1, 2]);
});

test("a step passes over a whole grapheme cluster and stops at the ends", () => {
  const offsets = offsetsOf("a👍🏽b");
  assert.equal(offsets.step(1, 1), 3);
  assert.equal(offsets.step(3, -1), 1);
  assert.equal(offsets.step(4, 1), 4);
  assert.equal(offsets.step(0, -1), 0);
});

test("grapheme clusters of every shared case begin where Python finds them", () => {
  for (const { text, clusters } of cases) {
    const offsets = offsetsOf(text);
    const found = text ? [0] : [];
    while (found.length && offsets.step(found.at(-1), 1) < offsets.length) found.push(offsets.step(found.at(-1), 1));
    assert.deepEqual(found, clusters, text);
  }
});

test("any range of any shared case, once widened, cuts no cluster and holds the range", () => {
  for (const { text, clusters } of cases) {
    const offsets = offsetsOf(text);
    const edges = new Set([...clusters, offsets.length]);
    for (let start = 0; start < offsets.length; start += 1) {
      for (let end = start + 1; end <= Math.min(offsets.length, start + 12); end += 1) {
        const [from, to] = offsets.widen(start, end);
        assert.ok(from <= start && to >= end && edges.has(from) && edges.has(to), `${text} ${start}-${end}`);
      }
    }
  }
});
