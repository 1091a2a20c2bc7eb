/* Words that look like a name because they are written with a capital: a guess that only moves the
   caret. Scripts without capitals have none. Pure; everything in tokens. */

const JOINS = /^(?:'s|’s|[-–&.]|of|the|de|du|di|da|del|la|le|von|van|der|den|zu|al|bin|ibn)$/u;
const startsHigh = (word) => /^[\p{Lu}\p{Lt}]/u.test(word);

/** Runs [first, last] of such words, little words between two of them included, never over a line end. */
export function nameRuns(tokens, offsets) {
  const word = (at) => offsets.slice(tokens[at][0], tokens[at][1]);
  const joined = (at) => at < tokens.length && !/[\r\n]/.test(offsets.slice(tokens[at - 1][1], tokens[at][0]));
  const runs = [];
  for (let first = 0; first < tokens.length; first += 1) {
    if (!startsHigh(word(first))) continue;
    let last = first;
    for (;;) {
      if (joined(last + 1) && startsHigh(word(last + 1))) last += 1;
      else if (joined(last + 1) && JOINS.test(word(last + 1)) && joined(last + 2) && startsHigh(word(last + 2))) last += 2;
      else break;
    }
    runs.push([first, last]);
    first = last;
  }
  return runs;
}
