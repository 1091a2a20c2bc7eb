/* The document after this one, fetched while this one is worked on. The server holds it for a short
   while; the page asks again in time, and when another order is published, and gives it back on leaving. */
import { token } from "./outbox.js";

const AFTER_MS = 300;          // nobody finishes a document sooner
const MARGIN_MS = 15_000;      // dropped here before the server does
const AGAIN_MS = [100, 600];   // after a new order, not everybody at once
const NONE_MS = 30_000;        // there was none, or no answer

/** take() → the next document's form, or null; open(form, clock): this document is on screen, and in work;
 *  stop(): none is; wake(): its person is there. */
export function createAhead() {
  let address = null;
  let clock = null;
  let kept = null; // {assignment, form, until}
  let timer = null;
  let asking = null;
  let active = 0; // seconds of work when last asked

  const plan = (wait) => { clearTimeout(timer); timer = setTimeout(ask, wait); };
  const rest = () => { timer = setTimeout(() => { timer = null; }, NONE_MS); };
  const body = (fields) => ({ method: "POST", body: new URLSearchParams(fields), headers: { "X-CSRFToken": token() } });
  const ready = () => kept !== null && performance.now() < kept.until;

  function stop() {
    clearTimeout(timer);
    timer = null;
    asking?.abort();
    asking = kept = address = null;
  }

  async function ask() {
    timer = null;
    asking?.abort();
    const mine = asking = new AbortController();
    active = clock.seconds;
    try {
      const answer = await fetch(address, { ...body({ known: ready() ? kept.assignment : "" }), signal: mine.signal });
      const found = answer.ok && !answer.redirected ? await answer.json() : {};
      if (mine !== asking) return;
      asking = null;
      keep(found);
      performance.mark("daner:ahead");
    } catch {
      if (mine !== asking) return;
      asking = null;
      rest(); // without a connection the next document comes when it is asked for
    }
  }

  function keep({ assignment = null, seconds = 0, html }) {
    if (!assignment) {
      kept = null;
      rest();
      return;
    }
    const form = html ? parsed(html) : kept?.form;
    kept = form ? { assignment, form, until: performance.now() + 1000 * seconds - MARGIN_MS } : null;
    // Asked again in time for as long as there is work going on; else it lapses.
    timer = setTimeout(() => { if (clock.seconds > active && !document.hidden) ask(); else timer = null; }, 600 * seconds);
  }

  function parsed(html) {
    const holder = document.createElement("template");
    holder.innerHTML = html;
    return holder.content.querySelector("form#workspace");
  }

  const again = () => {
    if (!address) return;
    kept = null;
    plan(AGAIN_MS[0] + Math.random() * (AGAIN_MS[1] - AGAIN_MS[0]));
  };
  for (const kind of ["live:queue", "live:ahead"]) document.body.addEventListener(kind, again);
  addEventListener("pagehide", () => {
    if (!address) return;
    fetch(address, { ...body({ leave: "on" }), keepalive: true }).catch(() => {});
    kept = null;
  });

  return {
    open(form, itsClock) {
      stop();
      address = form.dataset.aheadUrl ?? null;
      clock = itsClock;
      if (address) plan(AFTER_MS);
    },
    stop,
    take() {
      const found = ready() ? kept : null;
      if (found) stop();
      return found?.form ?? null;
    },
    wake() { if (address && !timer && !asking && !ready()) plan(AFTER_MS); },
  };
}
