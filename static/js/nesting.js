/* Spans that lie within and across each other, cut so that they can be drawn as nested elements.
   Pure. annotation/domain/nesting.py does the same on the server; both are tested against
   tests/fixtures/nesting.json. */

const opening = (a, b) => a.start - b.start || b.end - a.end;

/** Boxes [{of, start, end, height, within}] in the order in which they open, none across another: what
 *  begins inside another and ends behind it is cut where that one ends; of the same bounds the first
 *  given is the outer. `height`: how many boxes lie within each other in it; `within`: the box around it. */
export function boxes(stretches) {
  const waiting = stretches.map((of) => ({ of, start: of.start, end: of.end })).sort(opening);
  const placed = [];
  const around = [];
  for (let next = 0; next < waiting.length; next += 1) {
    const { of, start, end } = waiting[next];
    while (around.length && around.at(-1).end <= start) around.pop();
    const outer = around.at(-1) ?? null;
    const cut = outer && end > outer.end;
    if (cut) {
      const rest = { of, start: outer.end, end };
      let at = next + 1;
      while (at < waiting.length && opening(waiting[at], rest) <= 0) at += 1;
      waiting.splice(at, 0, rest);
    }
    const box = { of, start, end: cut ? outer.end : end, height: 0, within: outer };
    for (let height = 1, at = around.length - 1; at >= 0; height += 1, at -= 1) around[at].height = Math.max(around[at].height, height);
    placed.push(box);
    around.push(box);
  }
  return placed;
}
