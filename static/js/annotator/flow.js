/* Sending: one form, one request at a time, with or without htmx. */

/** Watch the workspace form. `fill(form)` writes the payload just before it leaves. */
export function watchForm(fill) {
  let busy = null;
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
    fill(event.target);
  }, true);

  const release = () => {
    busy?.removeAttribute("aria-busy");
    busy = null;
  };
  document.body.addEventListener("htmx:afterRequest", (event) => { if (isWorkspace(event.detail.elt)) release(); });
  addEventListener("pageshow", (event) => { if (event.persisted) release(); });
}

/** Press one of the form's buttons: the click carries its name and value along. */
export function press(form, action) {
  form.querySelector(`button[name="action"][value="${action}"]`)?.click();
}
