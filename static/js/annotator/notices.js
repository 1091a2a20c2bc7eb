/* What the page says about keeping and sending: a short note under the text, and a notice above it
   for what one should know. The notice stands in a live region; it never takes the focus. */
import { gettext, ngettext } from "../language.js";
import { toast } from "../toast.js";

const NOTES = {
  unsaved: gettext("Saving…"),
  saved: gettext("Saved"),
  offline: gettext("Kept in this browser"),
  elsewhere: gettext("Changed in another tab"),
};
const UNSAFE = gettext("Not saved");

const CONNECTION = gettext("The server cannot be reached.");
const KEPT = gettext("What you mark is kept in this browser, also if it is closed, and saved when the connection is back.");
const NOT_KEPT = gettext("This browser keeps nothing, so do not close the page until the connection is back.");
const WILL_SEND = gettext("This document is sent by itself as soon as the connection is back.");

/* kind → [heading, text, tone]; the heading says in words what the colour says. */
const NOTICES = {
  offline: ({ pending, safe }) => [CONNECTION, `${pending ? `${WILL_SEND} ` : ""}${safe ? KEPT : NOT_KEPT}`, "warning"],
  signedOut: () => [gettext("You are signed out."), gettext("What you mark is kept in this browser. Reload the page to sign in and go on where you are."), "warning"],
  refused: ({ message }) => [gettext("Not saved."), message, "error"],
  late: ({ message }) => [gettext("Your time ran out."), message, "warning"],
  closed: ({ message }) => [gettext("Not in work any more."), message, "warning"],
};

export function createNotices(form) {
  const place = form.querySelector("[data-notice]");
  const foot = form.querySelector("[data-draft-note]");
  let shown = "";

  function show(kind, info = {}) {
    if (kind === "restored") {
      toast(ngettext("What you had marked is back: {count} span. Undo shows the text as it came.", "What you had marked is back: {count} spans. Undo shows the text as it came.", info.count));
      return;
    }
    if (kind === "newer") {
      toast(ngettext("Later work from another tab or machine is shown: {count} span. Undo shows what you had here.", "Later work from another tab or machine is shown: {count} spans. Undo shows what you had here.", info.count));
      return;
    }
    const [heading, text, tone] = NOTICES[kind](info);
    const key = `${kind}|${text}`;
    if (key === shown) return; // a live region that is written again is read again
    shown = key;
    const box = document.createElement("div");
    box.className = `alert alert-${tone}`;
    box.dataset.kind = kind;
    const words = document.createElement("div");
    const strong = document.createElement("b");
    strong.textContent = heading;
    words.append(strong, ` ${text} `);
    if (kind === "closed") {
      const next = document.createElement("a");
      Object.assign(next, { className: "btn btn-s", href: form.getAttribute("action"), textContent: gettext("Next document") });
      words.append(next);
    }
    if (kind === "offline" && info.pending) {
      const back = document.createElement("button");
      Object.assign(back, { type: "button", className: "btn btn-s", textContent: gettext("Do not send it yet") });
      back.addEventListener("click", info.takeBack);
      words.append(back);
    }
    box.append(words);
    place.replaceChildren(box);
  }

  return {
    show,
    hide(kind) {
      if (!shown.startsWith(`${kind}|`)) return;
      shown = "";
      place.replaceChildren();
    },
    note(kind, safe) {
      const text = safe || kind === "saved" ? NOTES[kind] : kind === "unsaved" ? NOTES.unsaved : UNSAFE;
      if (foot.textContent !== text) foot.textContent = text;
      foot.dataset.draftNote = kind;
    },
  };
}
