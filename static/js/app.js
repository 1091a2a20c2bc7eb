/* What every page needs: label colours, the push channel, menus and focus, and plain words when a
   request fails or takes its time. */
import "./colors.js";
import "./focus.js";
import { gettext } from "./language.js";
import "./live.js";
import "./menus.js";
import { announce, toast } from "./toast.js";

const body = document.body;

// On a narrow screen the tab one is on may lie outside; only the row of tabs moves, not the page.
for (const tab of document.querySelectorAll(".tabs [aria-current]")) {
  const [row, own] = [tab.parentElement, tab].map((one) => one.getBoundingClientRect());
  tab.parentElement.scrollBy(own.x + own.width / 2 - row.x - row.width / 2, 0);
}

// A fragment request that ends at the sign-in page means the session is over: show that page whole.
body.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr } = event.detail;
  if (!xhr.responseURL) return;
  const arrived = new URL(xhr.responseURL);
  if (arrived.pathname === body.dataset.login && location.pathname !== arrived.pathname) {
    event.detail.shouldSwap = false;
    location.assign(`${arrived.pathname}?next=${encodeURIComponent(location.pathname + location.search)}`);
  }
});

const isAsked = (event) => event.detail.requestConfig?.triggeringEvent?.isTrusted === true;

// Panels that refresh themselves stay silent; only what a person asked for is worth a message.
body.addEventListener("htmx:sendError", (event) => {
  if (isAsked(event)) toast(gettext("The server cannot be reached. Nothing was sent; try again in a moment."), { bad: true });
});
body.addEventListener("htmx:responseError", (event) => {
  if (!isAsked(event)) return;
  const { status } = event.detail.xhr;
  toast(
    status === 403 ? gettext("You are not allowed to do that. If you have signed in again meanwhile, reload the page.") :
    status === 404 ? gettext("That no longer exists. Reload the page.") :
    gettext("The server could not do that. It has been logged; try again in a moment."),
    { bad: true },
  );
});

// <button data-opens="id"> opens a <dialog>; <button data-closes> closes the one it is in.
addEventListener("click", (event) => {
  const opener = event.target.closest?.("[data-opens]");
  if (opener) document.getElementById(opener.dataset.opens)?.showModal();
  const closer = event.target.closest?.("[data-closes]");
  if (closer) closer.closest("dialog")?.close();
});

// <button data-copy="id"> copies that element's text.
addEventListener("click", async (event) => {
  const button = event.target.closest?.("[data-copy]");
  if (!button) return;
  const source = document.getElementById(button.dataset.copy);
  await navigator.clipboard?.writeText(source.value ?? source.textContent);
  toast(gettext("Copied."), { seconds: 2 });
});

// Panels show by themselves what was pushed; this says it to those who do not see them.
document.body.addEventListener("live:model", ({ detail }) => {
  if (!detail.reconnected) announce(gettext("A new model version is in use."));
});

// A form that leaves the page and is not answered at once shows that it is on its way.
const PATIENCE_MS = 300;
addEventListener("submit", (event) => {
  const button = event.submitter;
  if (event.defaultPrevented || !button?.matches(".btn")) return;
  const timer = setTimeout(() => button.classList.add("is-busy"), PATIENCE_MS);
  addEventListener("pageshow", () => { clearTimeout(timer); button.classList.remove("is-busy"); }, { once: true });
});
