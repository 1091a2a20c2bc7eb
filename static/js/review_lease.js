/* A document in front of one reviewer: a heartbeat while the page is visible, given back on leaving.
   The server says who has it; this page only asks, and asks again when somebody took something. */

const BEAT_MS = 30_000;

/** `slot`: the element that shows who has the document. Returns whether somebody else has it, by name. */
export function keepLease(slot, form) {
  const beat = () => { if (!document.hidden) slot.dispatchEvent(new Event("beat")); };
  setInterval(beat, BEAT_MS);
  document.addEventListener("visibilitychange", beat);
  for (const kind of ["review", "quality"]) document.body.addEventListener(`live:${kind}`, beat);
  addEventListener("pageshow", ({ persisted }) => { if (persisted) beat(); });
  addEventListener("pagehide", () => {
    // On its way to the server the page still has the document.
    if (form.dataset.sent) return;
    const leaving = new FormData();
    leaving.set("action", "release");
    leaving.set("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
    navigator.sendBeacon(slot.getAttribute("hx-post"), leaving);
  });
  return () => slot.querySelector("[data-holder]")?.dataset.holder ?? null;
}
