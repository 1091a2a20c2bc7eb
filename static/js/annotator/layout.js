/* Where tokens and lines are. Everything in code points; no DOM. */
import { lastAtMost } from "./offsets.js";

/** Tokens as [start, end) from the line of numbers that the server packs them into: gap, length, gap, length … */
export function unpackTokens(packed) {
  const numbers = packed ? packed.split(" ") : [];
  const tokens = [];
  let at = 0;
  for (let n = 0; n + 1 < numbers.length; n += 2) {
    const start = at + Number(numbers[n]);
    at = start + Number(numbers[n + 1]);
    tokens.push([start, at]);
  }
  return tokens;
}

const LONGEST = 4000; // code points in a line; what is longer is shown as several

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

/** Lines of bearable length: a long one is cut before a word, best after the end of a sentence,
 *  because a browser lays out a whole paragraph again for every change in it. */
export function shownLines(offsets, tokens) {
  const lines = linesOf(offsets);
  if (lines.every(([start, end]) => end - start <= LONGEST)) return lines;
  const starts = tokens.map(([start]) => start);
  return lines.flatMap(([start, end]) => {
    const pieces = [];
    let from = start;
    while (end - from > LONGEST) {
      const cut = cutOf(from, from + LONGEST, tokens, starts, offsets);
      if (cut <= from || cut >= end) break;
      pieces.push([from, cut]);
      from = cut;
    }
    return [...pieces, [from, end]];
  });
}

function cutOf(from, to, tokens, starts, offsets) {
  const last = lastAtMost(starts, to);
  for (let at = last; at > 0 && tokens[at][0] > from + LONGEST / 2; at -= 1) {
    if (/^[.!?。！？؟।…]+$/u.test(offsets.slice(...tokens[at - 1]))) return tokens[at][0];
  }
  return tokens[last]?.[0] ?? from;
}

/** Tokens by position. A token is [start, end); `tokens` is in reading order. */
export function tokenIndex(tokens) {
  const starts = tokens.map(([start]) => start);
  const ends = tokens.map(([, end]) => end);
  /** The token at a point, or else the one before it (the first when there is none). */
  const at = (point) => lastAtMost(starts, point);
  return {
    count: tokens.length,
    at,
    range: (from, to) => ({ start: tokens[Math.min(from, to)][0], end: tokens[Math.max(from, to)][1] }),
    /** The next "start" or "end" of a token after (+1) or before (-1) a point; the point itself if there is none. */
    edge(which, point, step) {
      const edges = which === "end" ? ends : starts;
      const found = lastAtMost(edges, step > 0 ? point : point - 1);
      const next = step > 0 && edges[found] <= point ? edges[found + 1] : edges[found];
      return next === undefined || (next - point) * step <= 0 ? point : next;
    },
    /** First and last token a range touches. */
    touched({ start, end }) {
      let first = at(start);
      if (tokens[first][1] <= start && first + 1 < tokens.length) first += 1;
      return [first, Math.max(first, at(end - 1))];
    },
  };
}
