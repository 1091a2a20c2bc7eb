/* Keeps what is on screen: in this browser at once, on the server a moment later, and tells what
   became of it. Two tabs on one document follow each other; what somebody else saved later is shown
   as one more undo step, so nothing is overwritten unseen. */
import { createStore, reconcile, sameWork } from "./drafts.js";
import { createNotices } from "./notices.js";

const SAVE_AFTER_MS = 700;
const LONGEST_UNSAVED_MS = 4000;
const MANY = 1000;
const KEEPALIVE_BYTES = 50_000;
const RETRY_MS = [2000, 4000, 8000, 15_000];

export const store = createStore(globalThis.localStorage);

/** `desk`: {form, clock, read() → {spans, refused}, restore(work) → whether it changed anything}. */
export function createKeeper(desk, data) {
  const { form } = desk;
  const { assignment } = data;
  const address = form.dataset.draftUrl;
  const revising = "revising" in form.dataset; // changing what is submitted already
  const notices = createNotices(form);
  // What was marked while the server had not given the document yet, and then gave another one.
  const adrift = store.adrift(data.document, assignment);
  const known = reconcile(data.draft, store.get(assignment) ?? (adrift && { ...adrift, revision: data.draft?.revision ?? 0 }));
  let { revision, dirty } = known;
  let pending = store.get(assignment)?.pending ?? null;
  let safe = true;       // whether this browser keeps anything
  let ahead = "unconfirmed" in form.dataset; // on screen before the server has given it
  let leaving = false;   // on its way to the server as a whole
  let over = false;      // submitted, skipped, or closed elsewhere
  let online = true;
  let timer = null;
  let writing = null;
  let unsavedSince = null;
  let saving = null;
  let failures = 0;
  let seen = null;       // what another tab of this browser had last
  const alive = () => !over && form.isConnected;
  const work = () => ({ ...desk.read(), seconds: desk.clock.seconds });

  function keepHere() {
    clearTimeout(writing);
    safe = store.put(assignment, { ...work(), revision, dirty, pending, ahead, document: data.document, address: form.getAttribute("action") });
    return safe;
  }

  function plan(wait) {
    clearTimeout(timer);
    if (!ahead && !leaving) timer = setTimeout(save, wait);
  }

  /** Something was marked, taken back or turned down. */
  function changed() {
    if (!alive()) return;
    dirty = true;
    // With very many spans writing takes longer than a key press may.
    clearTimeout(writing);
    if (desk.read().spans.length < MANY) keepHere(); else writing = setTimeout(keepHere, 250);
    notices.note(online ? "unsaved" : "offline", safe);
    const moment = performance.now();
    unsavedSince ??= moment;
    if (online) plan(Math.min(SAVE_AFTER_MS, Math.max(0, unsavedSince + LONGEST_UNSAVED_MS - moment)));
  }

  async function save() {
    clearTimeout(timer);
    if (!alive() || saving || ahead || leaving) return;
    const sent = work();
    saving = new AbortController();
    try {
      const body = new URLSearchParams({ base: revision, payload: JSON.stringify(sent), csrfmiddlewaretoken: form.elements.csrfmiddlewaretoken.value });
      // A tab that is being closed may still get a small draft out.
      const keepalive = document.hidden && String(body).length < KEEPALIVE_BYTES;
      const answer = dirty
        ? await fetch(address, { method: "POST", body, keepalive, signal: saving.signal })
        : await fetch(address, { signal: saving.signal });
      await settle(answer, sent);
    } catch (error) {
      if (error.name !== "AbortError") lost();
    } finally {
      saving = null;
      if (alive() && online && dirty && unsavedSince !== null) plan(SAVE_AFTER_MS);
    }
  }

  async function settle(answer, sent) {
    if (answer.redirected || answer.status === 403 || answer.status === 404) {
      unsavedSince = null;
      notices.show("signedOut");
      return;
    }
    if (answer.status >= 500) { lost(); return; }
    const found = await answer.json();
    if (!alive()) return;
    const back = !online;
    online = true;
    failures = 0;
    if (back) notices.hide("offline");
    if (found.saved) {
      revision = found.draft.revision;
      if (sameWork(sent, desk.read())) { dirty = false; unsavedSince = null; }
      notices.note(dirty ? "unsaved" : "saved", safe);
    } else if (answer.status === 422 || answer.status === 400) {
      unsavedSince = null;
      notices.show("refused", { message: found.message });
    } else follow(found, answer.status === 409);
    // What waits to be sent is sent whatever became of the document: the server takes it once.
    if (back && pending) sendPending();
    else if (found.message && !(revising && found.state === "submitted")) closed(found);
    keepHere();
  }

  /** Somebody, in all likelihood oneself elsewhere, saved later. */
  function follow({ draft }, declined) {
    const newer = (draft?.revision ?? 0) !== revision;
    revision = draft?.revision ?? 0;
    if (!newer || !draft) {
      // Declined without a newer draft: exactly this is submitted already.
      if (declined && !newer) { dirty = false; unsavedSince = null; }
      if (!dirty) notices.note("saved", safe);
      else unsavedSince ??= performance.now();
      return;
    }
    if (dirty && seen && sameWork(seen, draft)) return; // what is here was made on top of that
    dirty = false;
    unsavedSince = null;
    if (desk.restore(draft)) notices.show("newer", { count: draft.spans.length });
    desk.clock.atLeast(draft.seconds ?? 0);
    notices.note("saved", safe);
  }

  /** Not simply in work any more: done elsewhere, or the time ran out while there was no connection. */
  function closed({ state, message }) {
    if (state === "elsewhere" || state === "paused") {
      notices.show("late", { message });
      return;
    }
    pending = null;
    notices.show("closed", { message });
  }

  function lost() {
    online = false;
    notices.show("offline", { pending, safe, takeBack });
    notices.note("offline", safe);
    plan(RETRY_MS[Math.min(failures++, RETRY_MS.length - 1)]);
  }

  function takeBack() {
    leaving = false;
    pending = null;
    keepHere();
    if (!online) notices.show("offline", { pending, safe, takeBack });
  }

  function sendPending() {
    const { action, reason } = pending;
    if (reason) form.elements.reason.value = reason;
    form.querySelector(`button[name="action"][value="${action}"]`)?.click();
  }

  // --- other tabs, and the connection ---------------------------------------------------

  function fromOtherTab(event) {
    if (!alive()) return unwatch();
    if (store.assignmentOf(event.key) !== assignment) return undefined;
    const entry = event.newValue === null ? null : store.parse(event.newValue);
    if (!entry) { dirty ? keepHere() : plan(0); return undefined; }
    if (dirty) {
      // Both at once. What is here was made on top of what the other tab had; else the server decides who was later.
      if (seen && sameWork(seen, entry)) revision = Math.max(revision, entry.revision);
      return undefined;
    }
    revision = Math.max(revision, entry.revision);
    if (!sameWork(entry, desk.read())) {
      seen = entry;
      desk.restore(entry);
      desk.clock.atLeast(entry.seconds ?? 0);
      notices.note("elsewhere", safe);
    }
    return undefined;
  }
  const onOnline = () => { if (!alive()) unwatch(); else if (!online) save(); };
  const onOffline = () => { if (!alive()) unwatch(); else lost(); };
  // Coming back to a tab: what happened elsewhere meanwhile shows before anything is typed.
  const onSeen = () => {
    if (!alive()) return unwatch();
    if (!document.hidden) { if (!saving) save(); return undefined; }
    if (dirty && online) save();
    return undefined;
  };
  const events = [[window, "storage", fromOtherTab], [window, "online", onOnline], [window, "offline", onOffline], [document, "visibilitychange", onSeen]];
  const watch = () => { for (const [target, name, listener] of events) target.addEventListener(name, listener); };
  watch();
  function unwatch() {
    clearTimeout(timer);
    for (const [target, name, listener] of events) target.removeEventListener(name, listener);
  }

  // --- opening --------------------------------------------------------------------------

  const before = desk.read();
  for (const step of known.steps) desk.restore(step);
  desk.clock.atLeast(Math.max(0, ...known.steps.map((step) => step.seconds ?? 0)));
  const count = desk.read().spans.length;
  if (known.both) notices.show("newer", { count });
  else if (known.steps.length && !sameWork(before, desk.read())) notices.show("restored", { count });
  if (dirty) { unsavedSince = performance.now(); plan(0); }
  if (pending) setTimeout(() => alive() && pending && sendPending(), 0);

  return {
    changed,
    clock: desk.clock,
    get online() { return online; },
    /** Whether there is work that only this browser has. */
    get begun() { return dirty; },
    /** The server has given the document that is on screen already. */
    begin() {
      ahead = false;
      delete form.dataset.unconfirmed;
      if (dirty || !online) plan(0);
      if (dirty) keepHere();
    },
    /** On screen again: it was sent and not taken, `kind` says why. */
    back({ kind, message }) {
      watch();
      leaving = false;
      if (kind === "unsent") { lost(); return; }
      takeBack();
      notices.show(kind === "signedOut" ? kind : "refused", { message });
    },
    /** The form is on its way: what is on screen stays here until the server has it. `waiting`: what to send
        again should no answer come, {action, reason} or null. */
    sending(waiting) {
      clearTimeout(timer);
      saving?.abort();
      leaving = dirty = true;
      pending = waiting;
      keepHere();
    },
    /** The server has not answered. */
    unsent() {
      leaving = false;
      lost();
    },
    /** The server answered: this document is done here, or the page shows it anew. */
    sent({ done }) {
      over = true;
      pending = null;
      unwatch();
      if (done) store.drop(assignment);
      else { dirty = true; keepHere(); }
    },
    /** The server did not want it, or the person takes it back. */
    takeBack,
  };
}
