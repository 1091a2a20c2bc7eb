/* Commands that change a span's bounds, cut it, or copy its label to every same string. */
import { gettext, ngettext, quoted } from "../language.js";
import { sameElsewhere } from "./same.js";

/** Edits of one document. `say` is for the screen reader, `note` for everybody. */
export function createEdits({ model, caret, index, offsets, tokens, moves, current, say, note, bar }) {
  let preview = null; // {ranges, label, source: id, text}
  const quote = ({ start, end }) => quoted(offsets.slice(start, end));
  const named = (mark) => `${mark.label} ${quote(mark)}`;

  /* Move an edge of the span, of the suggestion, or of what is selected, to the next edge of a word. */
  function moveEdge(which, direction) {
    const step = direction * moves.rightwards();
    const mark = current.mark();
    const range = mark ?? caret.range;
    const moved = { start: range.start, end: range.end, [which]: index.edge(which, range[which], step) };
    if (moved.start >= moved.end || moved[which] === range[which]) return;
    if (!mark) {
      caret.selectRange(moved);
      return;
    }
    const [other] = model.inTheWay({ ...moved, label: mark.label }, mark.id);
    if (other) {
      note(gettext("{mark} is in the way.", { mark: named(other) }));
      return;
    }
    if (mark.kind === "span") model.resize(mark.id, moved); else model.add(moved, mark.label);
    caret.moveTo(which === "end" ? index.at(moved.end - 1) : index.at(moved.start));
    current.choose(model.find({ ...moved, label: mark.label })?.id);
  }

  function split() {
    const mark = current.mark();
    if (mark?.kind !== "span") return note(gettext("There is no span at the caret to cut."));
    const [first, last] = index.touched(mark);
    if (first === last) return note(gettext("A span of one word cannot be cut."));
    const at = Math.max(caret.token, first + 1);
    const left = Math.min(tokens[at - 1][1], mark.end);
    const right = Math.max(tokens[at][0], mark.start);
    if (!model.split(mark.id, left, right)) return note(gettext("{mark} cannot be cut here: another span is in the way.", { mark: named(mark) }));
    caret.moveTo(at);
    current.choose(model.find({ ...mark, start: right })?.id);
    return say(gettext("Cut {words} in two", { words: quote(mark) }));
  }

  /* First the places are shown, the second time they are labelled. */
  function same() {
    if (preview) return apply();
    const mark = current.mark() ?? model.spanTouching(caret.range);
    if (!mark || mark.kind === "suggestion") return note(gettext("Label the words first; then all the same words can follow."));
    const found = sameElsewhere(mark, { tokens, index, offsets });
    const ranges = found.filter((range) => model.isFree(range, mark.label));
    const kept = found.length - ranges.length;
    const words = quote(mark);
    const already = kept ? ngettext("{count} other place has a span and keeps it", "{count} other places have a span and keep it", kept) : "";
    if (!ranges.length) return note(found.length ? gettext("{words}: {already}.", { words, already }) : gettext("{words} stands nowhere else in this text.", { words }));
    preview = { ranges, label: mark.label };
    const what = ngettext("{words}: {count} other place", "{words}: {count} other places", ranges.length, { words });
    bar.show({ label: mark.label, count: ranges.length, what, more: already });
    return say(already ? gettext("{what}; {already}", { what, already }) : what);
  }

  function apply() {
    const { ranges, label } = preview;
    leave();
    const count = model.addMany(ranges, label);
    note(ngettext("{label}: {count} other place labelled. One undo takes it back.", "{label}: {count} other places labelled. One undo takes them back.", count, { label }));
  }

  /** Drop the preview; false when there was none. */
  function leave() {
    if (!preview) return false;
    preview = null;
    bar.hide();
    return true;
  }

  return {
    /** The places that wait to be labelled. */
    get preview() { return preview?.ranges ?? []; },
    leave,
    commands: {
      endRight: () => moveEdge("end", 1),
      endLeft: () => moveEdge("end", -1),
      startRight: () => moveEdge("start", 1),
      startLeft: () => moveEdge("start", -1),
      split,
      same,
    },
  };
}
