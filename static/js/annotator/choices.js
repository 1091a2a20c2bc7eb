/* What can be meant at the caret, where it is more than one thing: a row of buttons under the text. */
import { paint } from "../colors.js";
import { gettext } from "../language.js";

/** `choose(id)` on a click; null is the word alone. */
export function mountChoices(form, { labels, quote, choose }) {
  const color = new Map(labels.map((label) => [label.name, label.color]));
  const place = form.querySelector("[data-choices]");
  const list = place?.querySelector("[data-choices-list]");
  let drawn = "";

  function button(mark, isCurrent) {
    const element = document.createElement("button");
    element.type = "button";
    element.className = mark ? "choice" : "choice choice-word";
    element.setAttribute("aria-pressed", String(isCurrent));
    if (mark) {
      element.dataset.color = color.get(mark.label) ?? "";
      const name = document.createElement("b");
      name.textContent = mark.label;
      element.append(name, ` ${quote(mark)}`, mark.kind === "suggestion" ? ` ${gettext("suggested")}` : "");
    } else element.append(gettext("the word alone"));
    element.addEventListener("click", () => choose(mark?.id ?? null));
    return element;
  }

  return {
    /** `choices`: marks from the inside out, then null; `current` one of them. */
    show(choices, current) {
      if (!place) return;
      const key = JSON.stringify([choices, current?.id]);
      if (key === drawn) return;
      drawn = key;
      place.hidden = choices.length < 2;
      list.replaceChildren(...(place.hidden ? [] : choices.map((mark) => button(mark, (mark?.id ?? null) === (current?.id ?? null)))));
      paint(list);
    },
  };
}
