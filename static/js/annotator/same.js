/* Other places with the same words. Pure; ranges in code points. */

/** Every other place where the words of `range` stand, in order, none overlapping another.
 *  Whole words are compared with whole words; a range that begins or ends inside a word is looked
 *  for as a string, and never found as a part of a grapheme cluster. */
export function sameElsewhere(range, { tokens, index, offsets }) {
  const [first, last] = index.touched(range);
  const whole = tokens[first][0] === range.start && tokens[last][1] === range.end;
  const found = whole ? wordsLike(first, last, tokens, offsets) : stringsLike(range, offsets);
  return found.filter((other) => other.end <= range.start || other.start >= range.end);
}

function wordsLike(first, last, tokens, offsets) {
  const word = (at) => offsets.slice(tokens[at][0], tokens[at][1]);
  const words = [];
  for (let at = first; at <= last; at += 1) words.push(word(at));
  const found = [];
  for (let at = 0; at + words.length <= tokens.length; at += 1) {
    if (!words.every((wanted, step) => word(at + step) === wanted)) continue;
    const to = at + words.length - 1;
    // The place itself is in the list as well, so that nothing is found half over it.
    if (at < first && to >= first) continue;
    found.push({ start: tokens[at][0], end: tokens[to][1] });
    at = to;
  }
  return found;
}

function stringsLike(range, offsets) {
  const wanted = offsets.slice(range.start, range.end);
  const found = [];
  for (let unit = offsets.text.indexOf(wanted); unit >= 0; unit = offsets.text.indexOf(wanted, unit + wanted.length)) {
    const start = offsets.point(unit);
    const end = offsets.point(unit + wanted.length);
    const [from, to] = offsets.widen(start, end);
    if (offsets.unit(start) === unit && from === start && to === end) found.push({ start, end });
  }
  return found;
}
