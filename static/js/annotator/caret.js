/* The caret: one token, or a selection from an anchor token to a focus token, or (characters)
   a free range. Pure. Ranges are {start, end} in code points. */

export function createCaret(index, offsets) {
  let anchor = 0;
  let focus = 0;
  let free = null; // {anchor, focus} in code points, when characters are selected
  let placed = false;

  const clamp = (token) => Math.min(Math.max(token, 0), index.count - 1);
  const range = () => (free ? ordered(free.anchor, free.focus) : index.range(anchor, focus));
  const ordered = (a, b) => ({ start: Math.min(a, b), end: Math.max(a, b) });

  return {
    /** The token the caret stands on. */
    get token() { return focus; },
    /** What a label would go on. */
    get range() { return range(); },
    /** The range when it is more (or less) than the caret's own token, else null. */
    get selection() { return free || anchor !== focus ? range() : null; },
    /** Whether a person put it there, by key or pointer. */
    get placed() { return placed; },
    moveTo(token, byHand = true) {
      anchor = focus = clamp(token);
      free = null;
      placed = byHand;
    },
    extendTo(token) {
      focus = clamp(token);
      free = null;
      placed = true;
    },
    /** Select the words a range touches, from its first to its last. */
    selectRange(range) {
      [anchor, focus] = index.touched(range);
      free = null;
      placed = true;
    },
    /** Begin the selection at a whole range, so that extending keeps it. */
    anchorAt({ start, end }, direction) {
      const [first, last] = index.touched({ start, end });
      [anchor, focus] = direction > 0 ? [first, last] : [last, first];
      free = null;
    },
    /** Select characters between two points, never cutting a grapheme cluster. False if empty. */
    selectCharacters(from, to) {
      if (from === to) return false;
      const [start, end] = offsets.widen(Math.min(from, to), Math.max(from, to));
      free = from <= to ? { anchor: start, focus: end } : { anchor: end, focus: start };
      focus = index.at(Math.max(free.focus - 1, 0));
      placed = true;
      return true;
    },
    /** Move the selection's moving edge by one grapheme. */
    nudge(direction) {
      const { start, end } = range();
      const from = free ?? (anchor <= focus ? { anchor: start, focus: end } : { anchor: end, focus: start });
      const moved = offsets.step(from.focus, direction);
      if (moved === from.anchor) return;
      free = { anchor: from.anchor, focus: moved };
      focus = index.at(Math.max(Math.max(moved, from.anchor) - 1, 0));
      placed = true;
    },
    /** One token again: the last one of what was selected. */
    collapse() {
      focus = anchor = index.touched(range())[1];
      free = null;
    },
  };
}
