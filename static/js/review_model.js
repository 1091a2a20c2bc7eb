/* What a reviewer has decided, without any DOM: groups, decisions, added spans, undo.

   Items are the places one can stand on: groups by their id, added spans by "+1", "+2", …
   Positions are code points. */

import { ruleOf } from "./annotator/ranges.js";

const inOrder = (a, b) => a.start - b.start || a.end - b.end;
const sameSpan = (a, b) => a.start === b.start && a.end === b.end && a.label === b.label;
const touches = (a, b) => a.start < b.end && b.start < a.end;

/** `overlap`: which gold spans may share words in the project: none, nested or any. */
export function createReview({ tokens, labels, groups, overlap = "none", decisions = [], added = [] }) {
  const allows = ruleOf(overlap);
  const blocks = (one, other) => !allows(one, other) || sameSpan(one, other);
  const byId = new Map(groups.map((group) => [group.id, group]));
  const history = [];
  let counter = 0;
  let state = {
    decisions: Object.fromEntries(decisions.map(({ group, choice, spans }) => [group, { choice, spans: spans?.length ? spans : spansOf(group, choice) }])),
    added: added.map((span) => ({ ...span, id: `+${++counter}` })),
  };
  const reasons = Object.fromEntries(decisions.filter(({ reason }) => reason).map(({ group, reason }) => [group, reason]));
  let lastLabel = labels[0]?.name;
  let index = 0;
  let current = open()[0] ?? groups[0]?.id ?? null;

  function spansOf(group, choice) {
    return choice === "nothing" ? [] : (byId.get(group)?.options[Number(choice) - 1]?.spans ?? []);
  }

  /* The spans of a group as they stand; null while it is open. */
  function settled(id) {
    if (Object.hasOwn(state.decisions, id)) return state.decisions[id].spans;
    const group = byId.get(id);
    return group.open ? null : group.options[0].spans;
  }

  function open() {
    return groups.filter((group) => settled(group.id) === null).map((group) => group.id);
  }

  /* Places to step through: groups in dispute and added spans, in reading order. */
  function stops() {
    return [...groups.filter((group) => group.open), ...state.added].sort(inOrder).map((item) => item.id);
  }

  function commit(next) {
    history.push({ state, current, index });
    state = { ...state, ...next };
    return true;
  }

  const decide = (id, choice, spans) => commit({ decisions: { ...state.decisions, [id]: { choice, spans } } });

  /* How a decision for these spans is called: a proposal's number, "nothing" or "edited". */
  function choiceOf(group, spans) {
    const same = (option) => option.spans.length === spans.length && option.spans.every((span, at) => sameSpan(span, spans[at]));
    const number = group.options.findIndex(same);
    if (number >= 0) return String(number + 1);
    return spans.length ? "edited" : "nothing";
  }

  /* The spans of the current item, to be changed; an open group starts from its first proposal. */
  function editable() {
    if (current === null) return null;
    const mine = state.added.find((span) => span.id === current);
    if (mine) return [mine];
    const spans = settled(current) ?? byId.get(current).options[0].spans;
    return spans.length ? spans : null;
  }

  function replaceCurrent(changed) {
    const place = Math.min(index, editable().length - 1);
    const mine = state.added.find((span) => span.id === current);
    if (mine) return commit({ added: state.added.map((span) => (span === mine ? { ...changed, id: mine.id } : span)) });
    const spans = editable().map((span, number) => (number === place ? changed : span));
    return decide(current, "edited", spans);
  }

  /* Every span that would be gold now, except one. */
  function others(except) {
    const all = groups.flatMap((group) => (settled(group.id) ?? []).map((span, number) => ({ ...span, item: group.id, number })));
    return [...all, ...state.added.map((span) => ({ ...span, item: span.id, number: 0 }))]
      .filter((span) => !(span.item === except?.item && span.number === except?.number));
  }

  /* Stand on an item, on its `at`-th span. */
  function go(id, at = 0) {
    if (!byId.has(id) && !state.added.some((span) => span.id === id)) return false;
    current = id;
    index = at;
    return true;
  }

  return {
    get current() { return current; },
    get index() { return index; },
    get conflicts() { return groups.filter((group) => group.open).length; },
    open,
    decision: (id) => state.decisions[id] ?? null,
    /** The choice that counts without a decision: agreed places stay as agreed. */
    standard: (id) => (byId.get(id).open ? "" : "1"),
    go,

    /** What to draw, in order: {item, start, end, label?, index?, decided?}; no label: an outline. */
    marks() {
      const marks = groups.flatMap(({ id, start, end }) => {
        const spans = settled(id);
        if (spans?.length) return spans.map((span, number) => ({ ...span, item: id, index: number }));
        return [{ item: id, start, end, decided: spans !== null }];
      });
      return [...marks, ...state.added.map((span) => ({ ...span, item: span.id }))].sort(inOrder);
    },

    step(direction) {
      const list = stops();
      if (!list.length) return false;
      const at = list.indexOf(current);
      const from = at < 0 ? (direction > 0 ? -1 : 0) : at;
      return go(list[(from + direction + list.length) % list.length]);
    },
    /** To the next open place behind the current one; false when none is open. */
    advance() {
      const left = open();
      if (!left.length) return false;
      const here = byId.get(current)?.start ?? state.added.find((span) => span.id === current)?.start ?? 0;
      return go(left.find((id) => byId.get(id).start > here) ?? left[0]);
    },
    take(number) {
      const option = byId.get(current)?.options[number - 1];
      if (!option) return false;
      index = 0;
      return decide(current, String(number), option.spans);
    },
    nothing() {
      if (current === null) return false;
      if (byId.has(current)) return decide(current, "nothing", []);
      const gone = current;
      commit({ added: state.added.filter((span) => span.id !== gone) });
      current = open()[0] ?? stops()[0] ?? null;
      return true;
    },
    relabel(label) {
      const spans = editable();
      if (!spans) return false;
      lastLabel = label;
      return replaceCurrent({ ...spans[Math.min(index, spans.length - 1)], label });
    },
    /** Move the "start" or "end" of the current span by one word; never where another may not be beside it. */
    move(edge, direction) {
      const spans = editable();
      if (!spans) return false;
      const number = Math.min(index, spans.length - 1);
      const span = spans[number];
      const stopsAt = tokens.map(([start, end]) => (edge === "start" ? start : end));
      const to = direction > 0 ? stopsAt.find((at) => at > span[edge]) : stopsAt.findLast((at) => at < span[edge]);
      if (to === undefined) return false;
      const changed = { ...span, [edge]: to };
      if (changed.start >= changed.end || others({ item: current, number }).some((other) => blocks(other, changed))) return false;
      return replaceCurrent(changed);
    },
    /** Mark something nobody marked. */
    add({ start, end }, label = lastLabel) {
      const span = { start, end, label, id: `+${++counter}` };
      if (!label || others(null).some((other) => blocks(other, span))) return false;
      commit({ added: [...state.added, span] });
      lastLabel = label;
      return go(span.id);
    },
    /** The first unmarked word from the current place on: where a new span starts by keyboard. */
    freeToken() {
      const taken = [...others(null), ...groups.filter((group) => settled(group.id) === null)];
      const from = byId.get(current)?.end ?? state.added.find((span) => span.id === current)?.end ?? 0;
      const free = tokens.filter(([start, end]) => !taken.some((span) => touches(span, { start, end })));
      const token = free.find(([start]) => start >= from) ?? free[0];
      return token ? { start: token[0], end: token[1] } : null;
    },
    /** A dragged range grown to the words it touches; null between words. */
    snap({ start, end }) {
      const touched = tokens.filter(([from, to]) => from < end && to > start);
      return touched.length ? { start: touched[0][0], end: touched.at(-1)[1] } : null;
    },
    /** Make `spans` all there is between two points, whatever stood there: one step for undo. */
    put(range, spans) {
      const next = { ...state.decisions };
      let left = spans;
      for (const group of groups.filter((item) => touches(item, range))) {
        const kept = (settled(group.id) ?? []).filter((span) => !touches(span, range));
        const own = [...kept, ...left.filter((span) => touches(span, group))].sort(inOrder);
        left = left.filter((span) => !touches(span, group));
        next[group.id] = { choice: choiceOf(group, own), spans: own };
      }
      return commit({
        decisions: next,
        added: [...state.added.filter((span) => !touches(span, range)), ...left.map((span) => ({ ...span, id: `+${++counter}` }))],
      });
    },
    /** Where the current place is; null where there is none. */
    place() {
      const item = byId.get(current) ?? state.added.find((span) => span.id === current);
      return item ? { start: item.start, end: item.end } : null;
    },
    /** The decision about the current place, to be made elsewhere as well; null without one. */
    decided() {
      const decision = state.decisions[current];
      return decision ? { group: current, spans: decision.spans, reason: reasons[current] } : null;
    },
    /** Decide other places with the same words alike; one step for undo. */
    alike(ids, { group, spans, reason }) {
      const from = byId.get(group).start;
      const next = { ...state.decisions };
      for (const id of ids) {
        const target = byId.get(id);
        const own = spans.map((span) => ({ ...span, start: span.start - from + target.start, end: span.end - from + target.start }));
        next[id] = { choice: choiceOf(target, own), spans: own };
        if (reason) reasons[id] = reason;
      }
      return commit({ decisions: next });
    },
    /** Say why people differ in a group; an empty reason takes it back. */
    because(group, reason) {
      if (reason) reasons[group] = reason;
      else delete reasons[group];
    },
    undo() {
      const before = history.pop();
      if (!before) return false;
      ({ state, current, index } = before);
      return true;
    },
    payload() {
      return {
        decisions: Object.entries(state.decisions).map(([group, { choice, spans }]) => ({ group, choice, spans: choice === "edited" ? spans : [], ...(reasons[group] ? { reason: reasons[group] } : {}) })),
        added: state.added.map(({ start, end, label }) => ({ start, end, label })),
      };
    },
  };
}
