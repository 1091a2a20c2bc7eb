/* The only place where UTF-16 meets code points. Everything on the wire and in the database
   counts Unicode code points, as Python does; JavaScript strings count UTF-16 units. */

/** Positions of one text. All points are code points, from 0 to `length`.
 *  unit(point) and point(unit) convert; slice(start, end) cuts by points;
 *  widen(start, end) grows a range until it cuts no grapheme cluster. */
export function offsetsOf(text) {
  const starts = codePointStarts(text);
  const length = starts ? starts.length - 1 : text.length;
  const unit = (point) => {
    if (!Number.isInteger(point) || point < 0 || point > length) throw new RangeError(`no code point ${point} in a text of ${length}`);
    return starts ? starts[point] : point;
  };
  const point = (at) => {
    if (!Number.isInteger(at) || at < 0 || at > text.length) throw new RangeError(`no UTF-16 unit ${at} in a text of ${text.length}`);
    return starts ? lastAtMost(starts, at) : at;
  };
  let clusters = null;
  const boundaries = () => (clusters ??= graphemeStarts(text, point));
  return {
    text,
    length,
    unit,
    point,
    slice: (start, end) => text.slice(unit(start), unit(end)),
    widen(start, end) {
      const edges = boundaries();
      const last = lastAtMost(edges, end);
      return [edges[lastAtMost(edges, start)], edges[last] === end ? end : edges[last + 1]];
    },
    /** The next grapheme edge before (-1) or after (+1) a point. */
    step(at, direction) {
      const edges = boundaries();
      const index = lastAtMost(edges, at);
      if (direction > 0) return edges[Math.min(index + 1, edges.length - 1)];
      return edges[index] < at ? edges[index] : edges[Math.max(index - 1, 0)];
    },
  };
}

/* UTF-16 index of every code point, with the text's end last; null when both countings agree. */
function codePointStarts(text) {
  if (!/[\ud800-\udbff][\udc00-\udfff]/.test(text)) return null;
  const starts = [];
  for (let at = 0; at < text.length; at += text.codePointAt(at) > 0xffff ? 2 : 1) starts.push(at);
  starts.push(text.length);
  return starts;
}

function graphemeStarts(text, point) {
  const edges = [];
  for (const { index } of new Intl.Segmenter(undefined, { granularity: "grapheme" }).segment(text)) edges.push(point(index));
  edges.push(point(text.length));
  return edges;
}

/** Index of the last element ≤ value in an ascending list (0 when all are larger). */
export function lastAtMost(sorted, value) {
  let low = 0;
  let high = sorted.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (sorted[middle] <= value) low = middle; else high = middle - 1;
  }
  return low;
}
