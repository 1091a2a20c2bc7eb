import assert from "node:assert/strict";
import { test } from "node:test";
import { createLanes } from "../../static/js/review_lanes.js";

const span = (start, end, label) => ({ start, end, label });
const date = { start: 5, end: 8, open: true, silent: ["C"], options: [{ by: ["A"], spans: [span(5, 8, "DATE")] }, { by: ["B"], spans: [span(5, 6, "CARDINAL"), span(6, 8, "DATE")] }] };
const agreed = { start: 11, end: 12, open: false, silent: [], options: [{ by: ["A", "B", "C"], spans: [span(11, 12, "NORP")] }] };
const color = (label) => ({ DATE: "red", CARDINAL: "blue" })[label];
const element = () => ({ style: {}, classList: { add() {} }, title: "" });

test("each annotator has a line under a place in dispute, in the colour of what they wrote there", () => {
  const lanes = createLanes([date, agreed], color);
  assert.equal(lanes.count, 3);
  assert.deepEqual([...new Set(lanes.cuts(0, 20))].sort((a, b) => a - b), [5, 6, 8]);
  const [first, second] = [element(), element()];
  lanes.paint(first, 5, 6);
  lanes.paint(second, 6, 8);
  assert.equal(first.title, "A: DATE · B: CARDINAL · C: nothing");
  assert.equal(second.title, "A: DATE · B: DATE · C: nothing");
  assert.match(first.style.backgroundImage, /red.*blue.*radial/);
});

test("agreed places have no lanes, and neither has a crowd", () => {
  const lanes = createLanes([date, agreed], color);
  const plain = element();
  lanes.paint(plain, 11, 12);
  assert.deepEqual(plain.style, {});
  const crowd = { ...date, silent: ["C", "D", "E", "F", "G"] };
  assert.equal(createLanes([crowd], color).count, 0);
  assert.deepEqual(createLanes([crowd], color).cuts(0, 20), []);
});
