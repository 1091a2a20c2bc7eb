/* Moving the caret over the words: by word, line, and from mark to mark. */

import { holds } from "./ranges.js";

const bare = (letter) => [...letter.normalize("NFD")][0].toLowerCase();

/** Moves for one document. `current` tells which mark at the caret is meant. */
export function createMoves({ caret, index, offsets, renderer, model, current, names }) {
  let revealing = false;
  /** Scroll to the caret with the next frame: asked in between, a long page would be laid out twice. */
  function reveal() {
    if (revealing) return;
    revealing = true;
    requestAnimationFrame(() => {
      revealing = false;
      renderer.tokenElement(caret.token)?.scrollIntoView({ block: "nearest" });
    });
  }

  function goTo(mark) {
    caret.moveTo(index.touched(mark)[0]);
    current.choose(mark.id);
    reveal();
  }

  /* +1 when reading order runs to the right at the caret's line, else -1. */
  function rightwards() {
    const element = renderer.tokenElement(caret.token);
    return element && getComputedStyle(element).direction === "rtl" ? -1 : 1;
  }

  /* On a span or suggestion the selection starts as all of it; where spans may lie within spans, as the word. */
  function extend(step) {
    const mark = current.mark();
    if (mark && model.apart) caret.anchorAt(mark, step);
    caret.extendTo(caret.token + step);
  }

  /* The nearest word on the line above (-1) or below (+1), as the lines are wrapped on screen. */
  function vertical(direction) {
    const here = renderer.tokenElement(caret.token).getBoundingClientRect();
    let best = null;
    for (let token = caret.token + direction; token >= 0 && token < index.count; token += direction) {
      const box = renderer.tokenElement(token).getBoundingClientRect();
      if ((box.top - here.top) * direction < here.height / 2) continue;
      if (best && (box.top - best.top) * direction > here.height / 2) break;
      const off = Math.abs(box.left + box.width / 2 - here.left - here.width / 2);
      if (!best || off < best.off) best = { token, off, top: box.top };
    }
    if (best) caret.moveTo(best.token);
  }

  function lineEdge(which) {
    const tokens = renderer.tokenElement(caret.token).closest(".line").querySelectorAll("[data-token]");
    caret.moveTo(Number(tokens[which === "end" ? tokens.length - 1 : 0].dataset.token));
  }

  /* To the next open suggestion, or span when none is open. False when none lies that way. */
  function toMark(direction) {
    const marks = model.suggestions.length ? model.suggestions : model.spans;
    const from = current.mark() ?? caret.range;
    const at = marks.findIndex(({ id }) => id === from.id);
    const ahead = at >= 0 ? marks[at + direction]
      : direction > 0 ? marks.find((mark) => mark.start >= from.end || (from.id && holds(from, mark)))
        : marks.findLast((mark) => mark.end <= from.start);
    if (ahead) goTo(ahead);
    return Boolean(ahead);
  }

  /* To the next run of words that looks like a name and has no span; round at the end. Before anything
     else was done, one that begins at the caret is the next. */
  function toName(direction) {
    const [from, to] = index.touched(caret.range);
    const free = names().filter(([first, last]) => !model.spanTouching(index.range(first, last)));
    const ahead = direction > 0 ? free.find(([first]) => (caret.placed ? first > to : first >= from)) ?? free[0] : free.findLast(([, last]) => last < from) ?? free.at(-1);
    if (!ahead) return;
    const range = index.range(...ahead);
    if (ahead[0] === ahead[1]) caret.moveTo(ahead[0]); else caret.selectRange(range);
  }

  /* Whether a word begins with a letter, whatever its case and accents. */
  function begins(token, letter) {
    const { start } = index.range(token, token);
    return bare(offsets.slice(start, start + 1)) === bare(letter);
  }

  /* To the next word that begins with a letter; round at the end. */
  function toLetter(letter) {
    for (let step = 1; step <= index.count; step += 1) {
      const token = (caret.token + step) % index.count;
      if (begins(token, letter)) return caret.moveTo(token);
    }
  }

  /* The selection grows to the next word behind it that begins with a letter, and stays where there is none. */
  function extendToLetter(letter) {
    const mark = current.mark();
    const [, last] = index.touched(mark && model.apart ? mark : caret.range);
    for (let token = last + 1; token < index.count; token += 1) {
      if (begins(token, letter)) return extend(token - caret.token);
    }
  }

  /* By characters from the span's own edge, when the caret stands on one. */
  function nudge(step) {
    const mark = current.mark();
    if (mark && model.apart) caret.selectCharacters(mark.start, mark.end);
    caret.nudge(step);
  }

  return {
    reveal,
    goTo,
    rightwards,
    commands: {
      previous: () => caret.moveTo(caret.token - rightwards()),
      next: () => caret.moveTo(caret.token + rightwards()),
      extendPrevious: () => extend(-rightwards()),
      extendNext: () => extend(rightwards()),
      characterPrevious: () => nudge(-rightwards()),
      characterNext: () => nudge(rightwards()),
      up: () => vertical(-1),
      down: () => vertical(1),
      lineStart: () => lineEdge("start"),
      lineEnd: () => lineEdge("end"),
      toLetter: ({ letter }) => toLetter(letter),
      extendToLetter: ({ letter }) => extendToLetter(letter),
      nextName: () => toName(1),
      previousName: () => toName(-1),
      nextMark: () => toMark(1),
      previousMark: () => toMark(-1),
    },
  };
}
