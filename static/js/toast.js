/* A short message in the polite live region; it never takes the focus. `link`: {text, href}. */
export function toast(message, { bad = false, seconds = 6, link = null } = {}) {
  const element = document.createElement("div");
  element.className = bad ? "toast toast-bad" : "toast";
  element.textContent = message;
  if (link) {
    const anchor = document.createElement("a");
    Object.assign(anchor, { href: link.href, textContent: link.text });
    element.append(" ", anchor);
    // Of those that say where to go back to, the newest is enough.
    element.dataset.link = "";
    for (const older of document.querySelectorAll(".toast[data-link]")) older.remove();
  }
  document.getElementById("toasts")?.append(element);
  setTimeout(() => element.remove(), seconds * 1000);
}

/** The same for screen readers alone: what the eye sees elsewhere on the page. */
export function announce(message) {
  const element = document.createElement("div");
  element.className = "sr-only";
  element.textContent = message;
  document.getElementById("toasts")?.append(element);
  setTimeout(() => element.remove(), 6000);
}
