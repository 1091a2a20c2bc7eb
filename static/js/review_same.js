/* One decision for the same words everywhere: a preview in a dialog, applied with one more key. */
import { gettext } from "./language.js";

/** `dialog` shows what the server found. `place()` → {group, spans, reason} as decided, or null;
 *  `settle(groups, from)` decides places of this document. Returns the command that opens it. */
export function mountSame(dialog, { place, settle, refuse }) {
  const slot = dialog.querySelector("[data-same-slot]");
  let at = null;

  slot.addEventListener("submit", (event) => {
    const form = event.target;
    settle([...form.querySelectorAll("[name=here]:checked")].map((box) => box.value), at);
    dialog.close();
    if (form.querySelector("[name=place]:checked")) return;
    // Nothing for the server: the other places of this document are sent with the rest of the page.
    event.preventDefault();
    event.stopPropagation();
  }, { capture: true });

  return () => {
    at = place();
    if (!at) return refuse(gettext("Decide the place first; then the same words can be decided alike."));
    slot.textContent = gettext("Looking…");
    dialog.showModal();
    const values = { group: at.group, spans: JSON.stringify(at.spans), reason: at.reason ?? "" };
    return globalThis.htmx.ajax("POST", dialog.dataset.address, { target: slot, swap: "innerHTML", values }).then(() => slot.querySelector("[autofocus]")?.focus());
  };
}
