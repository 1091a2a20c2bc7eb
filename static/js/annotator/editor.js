/* The annotation page: mounts the document, again after every swap of the form, and routes keys. */
import { gettext } from "../language.js";
import { toast } from "../toast.js";
import { mount } from "./desk.js";
import { opened, wake, watchForm } from "./flow.js";

const editors = new WeakMap(); // one that was left can come back
let editor = null;

function start() {
  const form = document.querySelector("form#workspace");
  const begun = performance.now();
  editor = form ? editors.get(form) ?? mount(form) : null;
  if (form) editors.set(form, editor);
  // htmx takes up what it swapped in only some milliseconds later; a key may come sooner.
  if (form) window.htmx?.process(form);
  performance.measure("daner:open", { start: begun });
  opened(form, editor?.clock);
  const active = document.activeElement;
  if (form && (!active || active === document.body)) form.querySelector("[data-text]").focus({ preventScroll: true });
}

/* Typing in a field, an open dialog or a pressed control keeps its keys. */
function isTaken(event) {
  const { target } = event;
  if (target.closest?.("input:not([type=checkbox], [type=range]), textarea, select, [contenteditable]")) return true;
  const dialog = document.querySelector("dialog[open]");
  if (dialog) return !(event.key === "?" && dialog.id === "keys-dialog");
  if (target.matches?.("input[type=range]") && /^(Arrow|Home|End|Page)/.test(event.key)) return true;
  const onText = target === document.body || target.closest?.("[data-text]");
  if (event.key === "Tab") return !onText;
  return (event.key === "Enter" || event.key === " ") && !onText && !event.ctrlKey && !event.metaKey && target.matches?.("a, button, summary, input");
}

addEventListener("keydown", (event) => {
  if (!editor || event.defaultPrevented || isTaken(event)) return;
  if (editor.letter(event)) { event.preventDefault(); return; }
  const action = editor.keymap.actionOf(event);
  if (action && editor.run(action)) event.preventDefault();
});
for (const kind of ["keydown", "pointerdown", "pointermove", "wheel"]) {
  addEventListener(kind, () => { editor?.clock.touch(); wake(); }, { passive: true });
}
document.addEventListener("visibilitychange", () => {
  if (document.hidden) editor?.clock.pause(); else editor?.clock.resume();
});
watchForm({
  fill: () => editor?.fill(),
  show(form) {
    document.querySelector("#workspace").replaceWith(form);
    start();
  },
});
document.body.addEventListener("htmx:afterSwap", () => {
  if (editor?.form !== document.querySelector("form#workspace")) start();
});
document.body.addEventListener("live:queue", ({ detail }) => {
  if (detail.reconnected) return;
  toast(detail.model ? gettext("Queue re-ranked by {model}.", { model: detail.model }) : gettext("The queue was re-ranked. Your next document comes from the new order."));
});
start();
