/* Ranges over ranges: which share characters, and which may. Pure; ranges are {start, end} in code points. */

export const overlaps = (a, b) => a.start < b.end && b.start < a.end;
export const holds = (a, b) => a.start <= b.start && b.end <= a.end;
export const sameBounds = (a, b) => a.start === b.start && a.end === b.end;
export const same = (a, b) => sameBounds(a, b) && a.label === b.label;
export const inOrder = (a, b) => a.start - b.start || a.end - b.end;
/** The shorter first; of the same bounds the one given later lies inside. */
const innermost = (a, b) => (a.end - a.start) - (b.end - b.start);

/* What a project allows: annotation/domain/spans.py has the same rules. */
const RULES = {
  none: (a, b) => !overlaps(a, b),
  nested: (a, b) => !overlaps(a, b) || holds(a, b) || holds(b, a),
  any: () => true,
};

/** Whether two different spans may stand side by side in a project with the setting `overlap`. */
export const ruleOf = (overlap) => RULES[overlap] ?? RULES.none;

const reaches = new WeakMap();
/* How far the items up to each place of a list in order reach; lists are never changed in place. */
function reachOf(list) {
  if (!reaches.has(list)) {
    let furthest = 0;
    reaches.set(list, list.map(({ end }) => (furthest = Math.max(furthest, end))));
  }
  return reaches.get(list);
}

/** Those of a list in order that share a character with a range, in order. */
export function touching(list, { start, end }) {
  const reach = reachOf(list);
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (reach[middle] <= start) low = middle + 1; else high = middle;
  }
  const found = [];
  for (; low < list.length && list[low].start < end; low += 1) if (list[low].end > start) found.push(list[low]);
  return found;
}

/** The same, the innermost first. */
export const touchingInnermost = (list, range) => touching(list, range).reverse().sort(innermost);

/** Of suggestions that may not stand side by side the stronger stays. In order. */
export function strongest(list, allows) {
  const kept = [];
  for (const chain of chains([...list].sort(inOrder))) {
    const chosen = [];
    for (const item of chain.sort((a, b) => b.confidence - a.confidence)) {
      if (chosen.every((other) => allows(other, item))) chosen.push(item);
    }
    kept.push(...chosen.sort(inOrder));
  }
  return kept;
}

/* Only items of one chain can be in each other's way. */
function chains(ordered) {
  const found = [];
  let end = -1;
  for (const item of ordered) {
    if (item.start < end) found.at(-1).push(item); else found.push([item]);
    end = Math.max(end, item.end);
  }
  return found;
}
