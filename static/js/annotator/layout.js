/* Where tokens and lines are. Everything in code points; no DOM. */
import { lastAtMost } from "./offsets.js";

/** Lines of a text as [start, end) code points, line ends (LF, CRLF, lone CR) outside. */
export function linesOf(offsets) {
  const lines = [];
  let start = 0;
  for (const { index, 0: end } of offsets.text.matchAll(/\r\n|\n|\r/g)) {
    lines.push([start, offsets.point(index)]);
    start = offsets.point(index + end.length);
  }
  lines.push([start, offsets.length]);
  return lines;
}

/** Tokens by position. A token is [start, end); `tokens` is in reading order. */
export function tokenIndex(tokens) {
  const starts = tokens.map(([start]) => start);
  /** The token at a point, or else the one before it (the first when there is none). */
  const at = (point) => lastAtMost(starts, point);
  return {
    count: tokens.length,
    at,
    range: (from, to) => ({ start: tokens[Math.min(from, to)][0], end: tokens[Math.max(from, to)][1] }),
    /** First and last token a range touches. */
    touched({ start, end }) {
      let first = at(start);
      if (tokens[first][1] <= start && first + 1 < tokens.length) first += 1;
      return [first, Math.max(first, at(end - 1))];
    },
  };
}
