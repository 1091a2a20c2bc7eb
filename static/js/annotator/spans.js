/* The document's spans and suggestions: a pure model with undo, without any DOM.

   A span: {id, start, end, label, origin: "human" | "accepted" | "edited", from: suggestion id | null}.
   A suggestion: {id, start, end, label, confidence, state: "open" | "accepted" | "refused"}.
   `overlap` says which spans may share words, as the project's setting does: none, nested or any. A new
   span takes the place of those that may not stand beside it. Only spans are ever stored. */
import { inOrder, overlaps, ruleOf, same, sameBounds, strongest, touching, touchingInnermost } from "./ranges.js";

const keyOf = ({ start, end, label }) => `${start} ${end} ${label}`;

export function createModel({ length, labels, overlap = "none", spans = [], suggestions = [], refused = [] }) {
  const allows = ruleOf(overlap);
  const known = new Set(labels);
  const inside = ({ start, end }) => Number.isInteger(start) && Number.isInteger(end) && start >= 0 && start < end && end <= length;
  let nextId = 1;
  let threshold = 0;
  let memo = {};
  const past = [];
  const future = [];
  let state = initial(spans, refused);

  function initial(spans, refused) {
    const kept = spans.filter(inside).map((span) => ({ origin: "human", from: null, ...span, id: nextId++ }));
    const taken = new Map(kept.filter((span) => span.origin === "accepted").map((span) => [keyOf(span), span]));
    const turnedDown = new Set(refused.map(keyOf));
    const offered = strongest(suggestions.filter((s) => inside(s) && known.has(s.label)), allows).map((item) => {
      const id = nextId++;
      const span = taken.get(keyOf(item));
      if (span) span.from = id;
      return { ...item, id, state: span ? "accepted" : turnedDown.has(keyOf(item)) ? "refused" : "open" };
    });
    return { spans: kept.sort(inOrder), suggestions: offered };
  }

  function commit(next) {
    past.push(state);
    future.length = 0;
    state = { spans: [...next.spans].sort(inOrder), suggestions: next.suggestions ?? state.suggestions };
    return true;
  }

  const decide = (list, ids, to) => list.map((s) => (ids.has(s.id) ? { ...s, state: to } : s));
  /* Whether a span says what another mark at its place would: the two cannot stand side by side, or
     should not. A span within one of its own label is made by hand or not at all. */
  const answers = (span, other) => overlaps(span, other) && (!allows(span, other) || sameBounds(span, other) || span.label === other.label);
  const isFree = (item) => !touching(state.spans, item).some((span) => answers(span, item));
  const shown = () => {
    if (memo.state === state && memo.threshold === threshold) return memo.list;
    const list = state.suggestions.filter((s) => s.state === "open" && s.confidence >= threshold && isFree(s));
    memo = { state, threshold, list };
    return list;
  };
  const changed = (span) => (span.origin === "human" ? "human" : "edited");
  const spanOf = (id) => state.spans.find((span) => span.id === id);

  function acceptMany(list) {
    if (!list.length) return false;
    const made = list.map((s) => ({ id: nextId++, start: s.start, end: s.end, label: s.label, origin: "accepted", from: s.id }));
    return commit({
      spans: [...state.spans, ...made],
      suggestions: decide(state.suggestions, new Set(list.map((s) => s.id)), "accepted"),
    });
  }

  return {
    get spans() { return state.spans; },
    /** True when spans never share words. */
    get apart() { return overlap === "none"; },
    /** Another object after every change. */
    get state() { return state; },
    get threshold() { return threshold; },
    /** Suggestions on screen: undecided, strong enough, and not under a span. */
    get suggestions() { return shown(); },
    get hidden() { return state.suggestions.filter((s) => s.state === "open" && s.confidence < threshold).length; },
    /** The innermost span, or null, that shares a character with a range. */
    spanTouching: (range) => touchingInnermost(state.spans, range)[0] ?? null,
    /** The span with just these bounds and label. */
    find: (item) => touching(state.spans, item).find((span) => same(span, item)) ?? null,
    /** Whether `addMany` would label a range: no span says it already or may not stand beside it. */
    isFree: (range, label) => isFree({ ...range, label }),
    /** The spans that may not stand beside one, apart from the span `id`. */
    inTheWay: (item, id = null) => touching(state.spans, item).filter((span) => span.id !== id && (!allows(span, item) || same(span, item))),
    get canUndo() { return past.length > 0; },
    get canRedo() { return future.length > 0; },
    setThreshold(value) { threshold = value; },

    /** Label a range; spans that may not stand beside it give way. The same span again changes nothing. */
    add(range, label) {
      const span = { start: range.start, end: range.end, label };
      if (!known.has(label)) throw new Error(`unknown label ${label}`);
      if (!inside(span)) throw new RangeError(`no range ${span.start}–${span.end} in a text of ${length}`);
      if (this.find(span)) return false;
      const under = touching(shown(), span).filter((s) => answers(span, s));
      const exact = under.find((s) => same(s, span));
      if (exact) return acceptMany([exact]);
      const gone = this.inTheWay(span);
      const wasSuggested = under.length > 0 || gone.some((other) => other.origin !== "human");
      return commit({
        spans: [...state.spans.filter((other) => !gone.includes(other)), { ...span, id: nextId++, origin: wasSuggested ? "edited" : "human", from: null }],
      });
    },
    relabel(id, label) {
      const span = spanOf(id);
      if (!known.has(label)) throw new Error(`unknown label ${label}`);
      if (!span || this.find({ ...span, label })) return false;
      return commit({ spans: state.spans.map((other) => (other === span ? { ...span, label, origin: changed(span) } : other)) });
    },
    /** Give a span other bounds. False when they are empty, outside, or another span is in the way. */
    resize(id, { start, end }) {
      const span = spanOf(id);
      if (!span || !inside({ start, end }) || (span.start === start && span.end === end)) return false;
      const moved = { ...span, start, end, origin: changed(span) };
      if (this.inTheWay(moved, id).length) return false;
      return commit({ spans: state.spans.map((other) => (other === span ? moved : other)) });
    },
    /** Cut a span in two, [start, left) and [right, end). False also when another span is in the way. */
    split(id, left, right) {
      const span = spanOf(id);
      if (!span || left <= span.start || right >= span.end || left > right) return false;
      const half = { ...span, origin: changed(span) };
      const halves = [{ ...half, end: left }, { ...half, start: right, id: nextId++, from: null }];
      if (halves.some((item) => this.inTheWay(item, id).length)) return false;
      return commit({ spans: [...state.spans.filter((other) => other !== span), ...halves] });
    },
    /** Label several ranges in one step; those that are not free are left alone. Says how many were labelled. */
    addMany(ranges, label) {
      if (!known.has(label)) throw new Error(`unknown label ${label}`);
      const free = ranges.filter((range) => inside(range) && isFree({ ...range, label }));
      if (!free.length) return 0;
      const offered = shown();
      const accepted = new Set();
      const made = free.map((range) => {
        const under = touching(offered, range).find((s) => answers({ ...range, label }, s));
        const taken = under && same(under, { ...range, label });
        if (taken) accepted.add(under.id);
        return { start: range.start, end: range.end, label, id: nextId++, origin: taken ? "accepted" : under ? "edited" : "human", from: taken ? under.id : null };
      });
      commit({ spans: [...state.spans, ...made], suggestions: decide(state.suggestions, accepted, "accepted") });
      return made.length;
    },
    /** Remove a span. Taking back an accepted suggestion refuses it. */
    remove(id) {
      const span = spanOf(id);
      if (!span) return false;
      return commit({
        spans: state.spans.filter((other) => other !== span),
        suggestions: span.from === null ? state.suggestions : decide(state.suggestions, new Set([span.from]), "refused"),
      });
    },
    accept(id) { return acceptMany(shown().filter((s) => s.id === id)); },
    /** Accept every suggestion on screen; hidden ones stay out. */
    acceptAll() { return acceptMany(shown()); },
    refuse(id) {
      if (!shown().some((s) => s.id === id)) return false;
      return commit({ spans: state.spans, suggestions: decide(state.suggestions, new Set([id]), "refused") });
    },
    undo() {
      if (!past.length) return false;
      future.push(state);
      state = past.pop();
      return true;
    },
    redo() {
      if (!future.length) return false;
      past.push(state);
      state = future.pop();
      return true;
    },
    /** Take over work that was saved before or elsewhere, as one step that can be undone. */
    restore(work) {
      const next = initial(work.spans ?? [], work.refused ?? []);
      const key = ({ spans, suggestions }) => JSON.stringify([
        spans.map((s) => [s.start, s.end, s.label]),
        suggestions.filter((s) => s.state === "refused").map((s) => [s.start, s.end, s.label]),
      ]);
      if (key(next) === key(state)) return false;
      past.push(state);
      future.length = 0;
      state = next;
      return true;
    },
    /** What is stored: solid spans and refusals. Nothing undecided, nothing hidden. */
    payload(seconds) {
      return {
        spans: state.spans.map(({ start, end, label, origin }) => ({ start, end, label, origin })),
        refused: state.suggestions.filter((s) => s.state === "refused").map(({ start, end, label }) => ({ start, end, label })),
        seconds: Math.round(seconds * 10) / 10,
      };
    },
  };
}
