/* Work on other documents that this browser still owes the server: drafts that were never saved, and
   submissions that never left. Sending twice is harmless: the server takes an assignment once. */
import { gettext, ngettext } from "../language.js";
import { toast } from "../toast.js";
import { store } from "./keeper.js";

export const token = () => JSON.parse(document.body.getAttribute("hx-headers"))["X-CSRFToken"];

const post = (address, fields) =>
  fetch(address, { method: "POST", body: new URLSearchParams(fields), headers: { "X-CSRFToken": token(), "HX-Request": "true" } });

const KEEPALIVE_BYTES = 50_000;
const LONGEST_MS = 15_000;

/** Send a form whose document has left the screen. What became of it: kind "taken", with the answer's `html`, the
 *  assignment it `shows` (null: the one on screen stays; "": none) and the `message` of what was not stored; or
 *  "refused" with a `message`, "signedOut", "unsent". */
export async function sendBehind(address, fields) {
  const body = new URLSearchParams(fields);
  try {
    // A page that is being closed still gets it out.
    const keepalive = String(body).length < KEEPALIVE_BYTES;
    const answer = await fetch(address, { method: "POST", body, keepalive, signal: AbortSignal.timeout(LONGEST_MS), headers: { "X-CSRFToken": token(), "HX-Request": "true" } });
    if (answer.redirected || answer.status === 403 || answer.status === 404) return { kind: "signedOut" };
    if (answer.status >= 500) return { kind: "unsent" };
    const html = await answer.text();
    const holder = document.createElement("template");
    holder.innerHTML = html;
    const message = holder.content.querySelector(".alert-error");
    if (answer.status === 422) return { kind: "refused", message: message?.lastChild.lastChild.textContent.trim() };
    if (answer.status === 400) return { kind: "refused", message: html };
    const place = holder.content.querySelector("#workspace");
    return { kind: "taken", html, message, shows: place && (place.elements?.assignment.value ?? "") };
  } catch { return { kind: "unsent" }; }
}

/** Send what is owed, except for the document on screen. Whatever fails stays where it is. */
export async function sendOwed(current) {
  let sent = 0;
  for (const entry of store.owed(current)) {
    if (new URL(entry.address, location.href).pathname !== location.pathname) continue;
    try {
      if (await settle(entry)) sent += 1;
    } catch { return; }
  }
  if (sent) toast(ngettext("Sent: a document you had finished without a connection.", "Sent: {count} documents you had finished without a connection.", sent));
}

async function settle(entry) {
  const { assignment, address, revision, spans, refused, seconds, pending } = entry;
  const payload = JSON.stringify({ spans, refused, seconds });
  const saved = await post(`${address}${assignment}/draft/`, { base: revision, payload });
  // Somebody else's on a shared machine, or signed out: not ours to touch now.
  if (saved.redirected || ![200, 409].includes(saved.status)) return false;
  if (!pending) {
    if (saved.status === 200) store.drop(assignment);
    else store.put(assignment, { ...entry, asked: true });
    return false;
  }
  const answer = await post(address, { assignment, payload, action: pending.action, reason: pending.reason ?? "" });
  if (answer.redirected || ![200, 409].includes(answer.status)) return false;
  store.drop(assignment);
  if (answer.status === 200) return true;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  toast(page.querySelector(".alert-error")?.textContent ?? gettext("A document you had finished without a connection could not be sent."), { bad: true, seconds: 15 });
  return false;
}
