/* Two versions side by side after somebody else was quicker: for every place one of them is chosen. */
import { gettext } from "./language.js";

/** `panel`: the table of places, or null. `put(range, spans)` makes spans stand; `go(group)` shows a place to
 *  decide again. Returns {open()}: the first button of a place nobody has chosen for, or null. */
export function mountVersions(panel, { put, go }) {
  if (!panel) return null;
  const rows = JSON.parse(document.getElementById("versions-data").textContent);
  const elements = [...panel.querySelectorAll("[data-apart]")];

  function choose(at, side) {
    const row = rows[at];
    for (const button of elements[at].querySelectorAll("[data-side]")) button.setAttribute("aria-pressed", String(button.dataset.side === side));
    elements[at].dataset.chosen = side;
    if (side === "theirs" && row.again) go(row.again);
    else put(row, row[side]);
    count();
  }

  function count() {
    const left = elements.filter((element) => !element.dataset.chosen).length;
    panel.querySelector("[data-versions-left]").textContent = left ? gettext("{left} of {all} still to choose", { left, all: elements.length }) : gettext("All chosen");
  }

  panel.addEventListener("click", (event) => {
    const all = event.target.closest("[data-all]");
    if (all) return elements.forEach((_, at) => choose(at, all.dataset.all));
    const button = event.target.closest("[data-side]");
    if (button) choose(elements.indexOf(button.closest("[data-apart]")), button.dataset.side);
  });
  panel.hidden = false;
  if (elements.length) count();
  return { open: () => elements.find((element) => !element.dataset.chosen)?.querySelector("[data-side]") ?? null };
}
