/* The label buttons, the strength slider and the list of keys. */
import { paint } from "../colors.js";
import { gettext, ngettext } from "../language.js";
import { COMMANDS, readable } from "./keyboard.js";
import { percent } from "./render.js";

const STORE = "daner-editor";

/** What stays the same from document to document. */
export const preferences = read();
function read() {
  const standard = { threshold: 0, sticky: false };
  try { return { ...standard, ...JSON.parse(localStorage.getItem(STORE) ?? "{}") }; } catch { return standard; }
}
function keep() {
  try { localStorage.setItem(STORE, JSON.stringify(preferences)); } catch { /* storage may be off */ }
}

const make = (name, className, text = "") => {
  const element = document.createElement(name);
  element.className = className;
  element.textContent = text;
  return element;
};

/** Fill `form`'s palette and key hints; `choose(label)` on a click, `change()` after a preference. */
export function mountPalette(form, { labels, keymap, choose, change }) {
  const buttons = new Map();
  const list = form.querySelector("[data-palette]");
  for (const label of labels) {
    const button = make("button", "palette-item");
    button.type = "button";
    button.dataset.color = label.color;
    button.dataset.label = label.name;
    button.dataset.held = gettext("held"); // the style sheet shows it
    button.append(make("span", "swatch"), make("span", "palette-name", label.name));
    const key = keymap.labelKeys.get(label.name);
    if (key) {
      button.append(make("kbd", "", key));
      button.setAttribute("aria-keyshortcuts", key);
    }
    if (label.description) button.title = label.description;
    button.addEventListener("click", () => choose(label.name));
    buttons.set(label.name, button);
    list.append(button);
  }
  paint(list);

  const sticky = form.querySelector("[data-sticky]");
  sticky.checked = preferences.sticky;
  sticky.addEventListener("change", () => { preferences.sticky = sticky.checked; keep(); change(); });

  const slider = form.querySelector("[data-strength]");
  if (slider) {
    slider.value = preferences.threshold;
    slider.addEventListener("input", () => { preferences.threshold = Number(slider.value); keep(); change(); });
  }

  for (const hint of form.querySelectorAll("[data-key-for]")) {
    const [key] = keymap.hints.get(hint.dataset.keyFor) ?? [];
    hint.textContent = key ? readable(key) : "";
    hint.hidden = !key;
  }
  fillKeys(form.querySelector("[data-keys]"), labels, keymap);

  return {
    /** Move the strength slider by one step: up hides weaker suggestions. */
    strengthen(steps) {
      if (!slider) return;
      preferences.threshold = Math.min(100, Math.max(0, preferences.threshold + 5 * steps));
      slider.value = preferences.threshold;
      keep();
      change();
    },
    /** Show the held label and the state of the suggestions. */
    update({ held, shown, hidden }) {
      for (const [name, button] of buttons) button.setAttribute("aria-pressed", String(name === held));
      const output = form.querySelector("[data-strength-output]");
      if (output) output.textContent = preferences.threshold ? gettext("from {percent}", { percent: percent(preferences.threshold / 100) }) : gettext("all");
      const count = form.querySelector("[data-suggestion-count]");
      if (count) count.textContent = hidden ? gettext("{shown} open, {hidden} hidden", { shown, hidden }) : gettext("{shown} open", { shown });
    },
  };
}

/** The bar that says what labelling every same string would do. */
export function mountSameBar(form) {
  const bar = form.querySelector("[data-same]");
  const put = (name, text) => { bar.querySelector(`[data-same-${name}]`).textContent = text; };
  return {
    show({ label, count, what, more }) {
      put("what", what);
      put("more", more);
      put("label", ngettext("Label it {label}", "Label all {count} {label}", count, { label }));
      bar.hidden = false;
    },
    hide() { bar.hidden = true; },
  };
}

function fillKeys(table, labels, keymap) {
  const rows = [
    ...labels.map((label) => [[keymap.labelKeys.get(label.name)], gettext("Label the word, selection or span as {label}", { label: label.name })]),
    ...COMMANDS.map(({ name, text }) => [keymap.hints.get(name), gettext(text)]),
  ];
  table.replaceChildren(...rows.filter(([keys]) => keys?.[0]).map(([keys, text]) => {
    const row = make("div", "key-row");
    const cell = make("dt", "");
    keys.forEach((key, index) => cell.append(index ? ` ${gettext("or")} ` : "", make("kbd", "", readable(key))));
    row.append(cell, make("dd", "", text));
    return row;
  }));
}
