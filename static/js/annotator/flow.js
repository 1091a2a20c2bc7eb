/* Sending: one form, one request at a time, with or without htmx; what does not arrive is kept and
   sent again. Where the next document is at hand it is shown at once, and this one sent behind it. */
import { createAhead } from "./ahead.js";
import { sendBehind, sendOwed } from "./outbox.js";
import { gettext } from "../language.js";
import { toast } from "../toast.js";

const keepers = new WeakMap();
const ahead = createAhead();

/** The keeper of a form's unfinished work. */
export const keptBy = (form, keeper) => keepers.set(form, keeper);
export const { wake } = ahead;

/** Watch the workspace form. `fill(form)` writes the payload just before it leaves; `show(form)` puts
 *  another form in its place. */
export function watchForm({ fill, show }) {
  let busy = null;
  let behind = null; // what is sent while the next document is on screen: {form, next, queued}
  let timed = false;
  const isWorkspace = (element) => element?.id === "workspace";

  // Capture comes before htmx's own listener and before the browser's.
  addEventListener("submit", (event) => {
    if (!isWorkspace(event.target)) return;
    if (busy === event.target || behind) {
      event.preventDefault();
      event.stopImmediatePropagation();
      if (behind) behind.queued = event.submitter;
      return;
    }
    const form = event.target;
    performance.mark("daner:submit");
    fill(form);
    // A plain form leaves the page with the browser: whether it arrived, only the server's draft can tell later.
    const waiting = globalThis.htmx ? { action: event.submitter?.value ?? "submit", reason: form.elements.reason?.value } : null;
    const keeper = keepers.get(form);
    keeper?.sending(waiting);
    const next = waiting && keeper?.online ? ahead.take() : null;
    if (next) {
      event.preventDefault();
      event.stopImmediatePropagation();
      goOn(form, new FormData(form, event.submitter), next);
      return;
    }
    busy = form;
    busy.setAttribute("aria-busy", "true");
    timed = true;
  }, true);

  const release = () => {
    busy?.removeAttribute("aria-busy");
    busy = null;
  };
  const shown = () => requestAnimationFrame(() => setTimeout(() => performance.measure("daner:next", "daner:submit")));

  // --- the next document is at hand ----------------------------------------------------

  async function goOn(form, fields, next) {
    const comments = document.getElementById("comments-card");
    behind = { form, next, queued: null };
    document.body.dataset.sending = "";
    form.querySelector("dialog[open]")?.close();
    next.dataset.unconfirmed = "";
    show(next);
    shown();
    if (comments) comments.hidden = true; // they are about the document before
    fields.set("ahead", next.elements.assignment.value);
    const answer = await sendBehind(form.getAttribute("action"), fields);
    const { queued } = behind;
    behind = null;
    delete document.body.dataset.sending;
    if (answer.kind !== "taken" || answer.shows === form.elements.assignment.value) {
      ahead.stop();
      show(form);
      if (comments) comments.hidden = false;
      keepers.get(form).back(answer);
      return;
    }
    keepers.get(form).sent({ done: true });
    if (answer.shows !== null) replace(next, answer.html);
    else confirm(next, answer);
    if (!answer.message && fields.get("action") === "submit") toast(gettext("Submitted."), { link: { text: gettext("Go back to it"), href: form.dataset.reviseUrl } });
    if (queued && answer.shows === null) queued.click();
  }

  /** The server agrees: what is on screen is in work now. */
  function confirm(form, { html, message }) {
    globalThis.htmx.swap(form, html, { swapStyle: "none" });
    if (message) form.querySelector("template[data-workspace]").after(message);
    keepers.get(form).begin();
    ahead.open(form, keepers.get(form).clock);
  }

  /** Another order was published in the very moment, or the text is somebody else's now. */
  function replace(form, html) {
    const begun = keepers.get(form).begun;
    keepers.get(form).sent({ done: !begun });
    globalThis.htmx.swap(form, html, { swapStyle: "outerHTML" });
    if (begun) toast(gettext("Another text has come before this one. What you had marked is kept for when it comes back."), { seconds: 10 });
  }

  // --- through htmx ---------------------------------------------------------------------

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
    shown();
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

/** A document is on screen. One that the server has not confirmed brings the next when it has. */
export function opened(form, clock) {
  if (!form) ahead.stop();
  else if (!("unconfirmed" in form.dataset)) ahead.open(form, clock);
}

/** Press one of the form's buttons: the click carries its name and value along. */
export function press(form, action) {
  form.querySelector(`button[name="action"][value="${action}"]`)?.click();
}
