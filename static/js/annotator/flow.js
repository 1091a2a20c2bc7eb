/* Sending: one form, one request at a time, with or without htmx; what does not arrive is kept and
   sent again. */
import { sendOwed } from "./outbox.js";

const keepers = new WeakMap();

/** The keeper of a form's unfinished work. */
export const keptBy = (form, keeper) => keepers.set(form, keeper);

/** Watch the workspace form. `fill(form)` writes the payload just before it leaves. */
export function watchForm(fill) {
  let busy = null;
  let timed = false;
  const isWorkspace = (element) => element?.id === "workspace";

  // Capture comes before htmx's own listener and before the browser's.
  addEventListener("submit", (event) => {
    if (!isWorkspace(event.target)) return;
    if (busy === event.target) {
      event.preventDefault();
      event.stopImmediatePropagation();
      return;
    }
    busy = event.target;
    busy.setAttribute("aria-busy", "true");
    performance.mark("daner:submit");
    timed = true;
    fill(event.target);
    // A plain form leaves the page with the browser: whether it arrived, only the server's draft can tell later.
    const waiting = globalThis.htmx ? { action: event.submitter?.value ?? "submit", reason: busy.elements.reason?.value } : null;
    keepers.get(busy)?.sending(waiting);
  }, true);

  const release = () => {
    busy?.removeAttribute("aria-busy");
    busy = null;
  };
  document.body.addEventListener("htmx:afterRequest", ({ detail }) => {
    if (!isWorkspace(detail.elt)) return;
    if (detail.xhr.getResponseHeader("HX-Redirect")) keepers.get(detail.elt)?.sent({ done: true });
    release();
  });
  addEventListener("pageshow", (event) => { if (event.persisted) release(); });

  // Before the swap: the next document must not find this one's draft still waiting.
  document.body.addEventListener("htmx:beforeSwap", ({ detail }) => {
    const form = detail.requestConfig?.elt;
    if (isWorkspace(form) && detail.shouldSwap) keepers.get(form)?.sent({ done: detail.xhr.status !== 422 });
  });
  // From the key to the next document on screen; the swap is told of once for each piece of it.
  document.body.addEventListener("htmx:afterSwap", ({ detail }) => {
    if (!timed || !isWorkspace(detail.requestConfig?.elt)) return;
    timed = false;
    requestAnimationFrame(() => setTimeout(() => performance.measure("daner:next", "daner:submit")));
  });
  // No answer, or one from a server that stands in for ours: the page itself says so and tries again.
  const unsent = (event) => {
    const { elt: form, xhr } = event.detail;
    if (!isWorkspace(form) || !keepers.has(form)) return;
    if (xhr.status === 0 || [502, 503, 504].includes(xhr.status)) {
      event.stopPropagation();
      keepers.get(form).unsent();
    } else keepers.get(form).takeBack();
  };
  addEventListener("htmx:sendError", unsent, true);
  addEventListener("htmx:responseError", unsent, true);

  sendOwed(document.querySelector("#workspace input[name=assignment]")?.value);
}

/** Press one of the form's buttons: the click carries its name and value along. */
export function press(form, action) {
  form.querySelector(`button[name="action"][value="${action}"]`)?.click();
}
