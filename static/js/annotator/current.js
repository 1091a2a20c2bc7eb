/* Which of the spans and suggestions at the caret is meant. Pure. Where spans may lie over spans, the
   word alone can be meant as well, so that a label goes on it and not on the span around it. */
import { touchingInnermost } from "./ranges.js";

export function createCurrent({ model, caret }) {
  let chosen = null; // {token, id}; id null: the word alone

  /** Spans and suggestions at the caret, the innermost first. */
  function here() {
    const kinds = [["span", model.spans], ["suggestion", model.suggestions]];
    const marks = kinds.flatMap(([kind, list]) => touchingInnermost(list, caret.range).map((mark) => ({ kind, ...mark })));
    return marks.sort((a, b) => (a.end - a.start) - (b.end - b.start));
  }

  /** The current one; null for the word alone, and while something is selected. */
  function mark() {
    if (caret.selection) return null;
    const marks = here();
    if (chosen?.token === caret.token) {
      if (chosen.id === null && !model.apart) return null;
      const found = marks.find(({ id }) => id === chosen.id);
      if (found) return found;
    }
    return marks[0] ?? null;
  }

  /** What can be meant at the caret: marks, and null for the word alone. */
  const choices = () => {
    const marks = here();
    return marks.length && !model.apart ? [...marks, null] : marks;
  };

  return {
    mark,
    choices,
    /** Mean another, as long as the caret stays on its word. */
    choose(id) { chosen = { token: caret.token, id }; },
    /** On to the next (1) or back (-1), round at the end. False when there is no other. */
    step(direction) {
      const list = choices();
      if (list.length < 2) return false;
      const id = mark()?.id ?? null;
      const at = list.findIndex((item) => (item?.id ?? null) === id);
      const next = list[(at + direction + list.length) % list.length];
      chosen = { token: caret.token, id: next?.id ?? null };
      return true;
    },
  };
}
