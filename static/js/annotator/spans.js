/* The document's spans and suggestions: a pure model with undo, without any DOM.

   A span: {id, start, end, label, origin: "human" | "accepted" | "edited", from: suggestion id | null}.
   A suggestion: {id, start, end, label, confidence, state: "open" | "accepted" | "refused"}.
   Spans never overlap: a new span takes the place of those it touches. Only spans are ever stored. */

export const overlaps = (a, b) => a.start < b.end && b.start < a.end;
const same = (a, b) => a.start === b.start && a.end === b.end && a.label === b.label;
const inOrder = (a, b) => a.start - b.start || a.end - b.end;

export function createModel({ length, labels, spans = [], suggestions = [], refused = [] }) {
  const known = new Set(labels);
  const inside = ({ start, end }) => Number.isInteger(start) && Number.isInteger(end) && start >= 0 && start < end && end <= length;
  let nextId = 1;
  let threshold = 0;
  const past = [];
  const future = [];
  let state = initial();

  function initial() {
    const kept = spans.filter(inside).map((span) => ({ origin: "human", from: null, ...span, id: nextId++ }));
    // Of two suggestions that overlap the stronger one stays.
    const offered = [];
    for (const item of suggestions.filter((s) => inside(s) && known.has(s.label)).sort((a, b) => b.confidence - a.confidence)) {
      if (offered.some((other) => overlaps(other, item))) continue;
      const id = nextId++;
      const taken = kept.find((span) => same(span, item) && span.origin === "accepted");
      if (taken) taken.from = id;
      const decided = taken ? "accepted" : refused.some((r) => same(r, item)) ? "refused" : "open";
      offered.push({ ...item, id, state: decided });
    }
    return { spans: kept.sort(inOrder), suggestions: offered.sort(inOrder) };
  }

  function commit(next) {
    past.push(state);
    future.length = 0;
    state = { spans: [...next.spans].sort(inOrder), suggestions: next.suggestions ?? state.suggestions };
    return true;
  }

  const decide = (list, ids, to) => list.map((s) => (ids.has(s.id) ? { ...s, state: to } : s));
  const shown = () => {
    let next = 0; // both lists are in order: one walk finds what lies under a span
    return state.suggestions.filter((s) => {
      while (next < state.spans.length && state.spans[next].end <= s.start) next += 1;
      return s.state === "open" && s.confidence >= threshold && !(next < state.spans.length && overlaps(state.spans[next], s));
    });
  };
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
    get threshold() { return threshold; },
    /** Suggestions on screen: undecided, strong enough, and not under a span. */
    get suggestions() { return shown(); },
    get hidden() { return state.suggestions.filter((s) => s.state === "open" && s.confidence < threshold).length; },
    get canUndo() { return past.length > 0; },
    get canRedo() { return future.length > 0; },
    setThreshold(value) { threshold = value; },

    /** Label a range; spans it touches give way. The same span again changes nothing. */
    add(range, label) {
      const span = { start: range.start, end: range.end, label };
      if (!known.has(label)) throw new Error(`unknown label ${label}`);
      if (!inside(span)) throw new RangeError(`no range ${span.start}–${span.end} in a text of ${length}`);
      if (state.spans.some((other) => same(other, span))) return false;
      const under = shown().find((s) => overlaps(s, span));
      if (under && same(under, span)) return acceptMany([under]);
      const touched = state.spans.filter((other) => overlaps(other, span));
      const wasSuggested = under || touched.some((other) => other.origin !== "human");
      return commit({
        spans: [...state.spans.filter((other) => !touched.includes(other)), { ...span, id: nextId++, origin: wasSuggested ? "edited" : "human", from: null }],
      });
    },
    relabel(id, label) {
      const span = spanOf(id);
      if (!known.has(label)) throw new Error(`unknown label ${label}`);
      if (!span || span.label === label) return false;
      const origin = span.origin === "human" ? "human" : "edited";
      return commit({ spans: state.spans.map((other) => (other === span ? { ...span, label, origin } : other)) });
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
