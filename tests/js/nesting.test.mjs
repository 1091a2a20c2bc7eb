import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { boxes } from "../../static/js/nesting.js";

const cases = JSON.parse(readFileSync(new URL("../fixtures/nesting.json", import.meta.url)));

for (const { name, spans, boxes: expected } of cases) {
  test(`boxes: ${name}`, () => {
    const found = boxes(spans.map(([start, end], number) => ({ start, end, number })));
    assert.deepEqual(found.map((box) => [box.of.number, box.start, box.end, box.height]), expected);
  });
}

test("a box knows the one around it", () => {
  const [outer, inner, rest] = boxes([{ start: 0, end: 5 }, { start: 3, end: 8 }]);
  assert.equal(inner.within, outer);
  assert.equal(rest.within, null);
  assert.equal(rest.of, inner.of);
});
