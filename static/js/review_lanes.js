/* Under a place in dispute one line for each annotator: in the label's colour where they marked
   something, dots where they marked nothing. The words stand in the title and beside the text. */
import { gettext } from "./language.js";

const MOST = 6;
const STEP = 5;

/** Lanes for the groups in dispute. Returns {count, cuts(from, to), paint(element, from, to)}; more people than fit
 *  are not drawn at all: they would be a grey block. */
export function createLanes(groups, color) {
  const letters = [...new Set(groups.flatMap((group) => [...group.silent, ...group.options.flatMap(({ by }) => by)]))].sort();
  const shown = letters.length > 1 && letters.length <= MOST ? groups.filter((group) => group.open) : [];

  function labelsAt(group, from) {
    const covering = (letter) => group.options.find(({ by }) => by.includes(letter))?.spans.find((span) => span.start <= from && from < span.end);
    const present = letters.filter((letter) => group.silent.includes(letter) || group.options.some(({ by }) => by.includes(letter)));
    return present.map((letter) => [letter, covering(letter)?.label ?? null]);
  }

  return {
    count: shown.length ? letters.length : 0,
    cuts(from, to) {
      const edges = shown.flatMap((group) => [group, ...group.options.flatMap(({ spans }) => spans)]).flatMap(({ start, end }) => [start, end]);
      return edges.filter((edge) => edge > from && edge < to);
    },
    paint(element, from, to) {
      const group = shown.findLast((item) => item.start <= from && to <= item.end);
      if (!group) return;
      const lanes = labelsAt(group, from);
      const each = (value) => lanes.map(value).join(", ");
      // As under a span: a thin line of a pale label is seen on neither ground.
      const edge = (label) => `color-mix(in oklab, ${color(label)} var(--edge-share), var(--ink))`;
      // Not the shorthand: the colour behind the text belongs to the selection.
      Object.assign(element.style, {
        backgroundImage: each(([, label]) => (label === null ? "radial-gradient(circle, var(--ink-3) 1px, transparent 1.5px)" : `linear-gradient(${edge(label)}, ${edge(label)})`)),
        backgroundPosition: each((_, at) => `0 calc(100% - ${(lanes.length - 1 - at) * STEP}px)`),
        backgroundSize: each(([, label]) => (label === null ? "5px 3px" : "100% 3px")),
        backgroundRepeat: each(([, label]) => (label === null ? "repeat-x" : "no-repeat")),
      });
      element.classList.add("laned");
      element.title = lanes.map(([letter, label]) => gettext("{who}: {what}", { who: letter, what: label ?? gettext("nothing") })).join(" · ");
    },
  };
}
