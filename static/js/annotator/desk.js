/* One document on screen: its model, caret and commands, tied to the workspace form. */
import { createCaret } from "./caret.js";
import { mountChoices } from "./choices.js";
import { createClock } from "./clock.js";
import { watchPlace } from "./comments.js";
import { createCurrent } from "./current.js";
import { createEdits } from "./edits.js";
import { keptBy, press } from "./flow.js";
import { createKeeper } from "./keeper.js";
import { keymapFor } from "./keyboard.js";
import { shownLines, tokenIndex, unpackTokens } from "./layout.js";
import { createMoves } from "./moves.js";
import { nameRuns } from "./names.js";
import { offsetsOf } from "./offsets.js";
import { mountPalette, mountSameBar, preferences } from "./palette.js";
import { createRenderer, percent } from "./render.js";
import { watchPointer } from "./selection.js";
import { createModel } from "./spans.js";
import { gettext, ngettext, quoted } from "../language.js";
import { toast } from "../toast.js";

const MODIFIERS = new Set(["Shift", "Control", "Alt", "AltGraph", "Meta", "CapsLock", "Dead"]);

/** Returns {form, clock, keymap, run(action), letter(event), fill()}; run and letter are false when the key was not used. */
export function mount(form) {
  const data = JSON.parse(form.querySelector("template[data-workspace]").content.textContent);
  data.tokens = unpackTokens(data.tokens);
  const container = form.querySelector("[data-text]");
  const announcer = form.querySelector("[data-announcer]");
  const offsets = offsetsOf(data.text);
  const index = tokenIndex(data.tokens);
  const model = createModel({ ...data, length: offsets.length, labels: data.labels.map((label) => label.name) });
  const keymap = keymapFor(data.labels, data.keys);
  const caret = createCaret(index, offsets);
  const current = createCurrent({ model, caret });
  const renderer = createRenderer({ container, offsets, tokens: data.tokens, lines: shownLines(offsets, data.tokens), labels: data.labels });
  const clock = createClock();
  const choices = mountChoices(form, { labels: data.labels, quote, choose: mean });
  const palette = mountPalette(form, { ...data, keymap, choose, change: draw });
  let names = null;
  const moves = createMoves({ caret, index, offsets, renderer, model, current, names: () => (names ??= nameRuns(data.tokens, offsets)) });
  const edits = createEdits({ model, caret, index, offsets, tokens: data.tokens, moves, current, say, note, bar: mountSameBar(form) });
  let held = preferences.sticky && data.labels.some((item) => item.name === preferences.held) ? preferences.held : null;
  let pressed = null;
  let finding = null; // the move that waits for a letter
  let drawn = null; // the state of the model that is on screen
  let keeper = null;

  const hasText = index.count > 0;
  /** A short message for everybody; the live region of the toasts reads it out. */
  function note(message) { toast(message, { seconds: 4 }); }
  function quote(range) { return quoted(offsets.slice(range.start, range.end)); }
  function say(message) { announcer.textContent = message; }

  /** The span, or else the suggestion, the caret stands on. */
  function currentMark() {
    return hasText ? current.mark() : null;
  }

  function draw() {
    model.setThreshold(preferences.threshold / 100);
    const suggestions = model.suggestions;
    renderer.draw({
      spans: model.spans,
      suggestions,
      preview: edits.preview,
      selection: hasText ? caret.selection : null,
      caret: hasText ? index.range(caret.token, caret.token) : null,
      current: currentMark()?.id ?? null,
    });
    choices.show(hasText && !caret.selection ? current.choices() : [], currentMark());
    palette.update({ held, shown: suggestions.length, hidden: model.hidden });
    form.querySelector('[data-command="undo"]').disabled = !model.canUndo;
    form.querySelector('[data-command="redo"]').disabled = !model.canRedo;
    for (const button of form.querySelectorAll('[data-command="acceptAll"]')) button.disabled = !suggestions.length;
    if (model.state !== drawn) {
      drawn = model.state;
      keeper?.changed();
    }
    form.querySelector("[data-span-count]").textContent = ngettext("{count} span", "{count} spans", model.spans.length);
  }

  const named = (mark) => `${mark.label} ${quote(mark)}`;
  const spoken = (mark) => (mark.kind === "span" ? named(mark) : gettext("suggested {mark}, {percent}", { mark: named(mark), percent: percent(mark.confidence) }));

  function sayCaret() {
    const words = offsets.slice(caret.range.start, caret.range.end);
    if (caret.selection) return say(gettext("{words}, selected", { words }));
    const list = current.choices();
    const mark = currentMark();
    if (!mark) return say(list.length ? gettext("{words}, the word alone, inside {mark}", { words, mark: spoken(list[0]) }) : words);
    const marks = list.filter(Boolean);
    const said = `${words}, ${spoken(mark)}`;
    if (marks.length < 2) return say(said);
    return say(gettext("{said}, {place} of {all} here", { said, place: marks.findIndex(({ id }) => id === mark.id) + 1, all: marks.length }));
  }

  /** Mean another of the marks at the caret; null: the word alone. */
  function mean(id) {
    current.choose(id);
    draw();
    sayCaret();
    container.focus({ preventScroll: true });
  }

  // --- labelling ---------------------------------------------------------------------

  function label(name) {
    if (!hasText) return;
    const mark = currentMark();
    const range = mark ?? caret.range;
    const gone = mark?.kind === "span" || model.apart ? [] : model.inTheWay(range);
    const done = mark?.kind === "span" ? model.relabel(mark.id, name) : model.add(range, name);
    if (preferences.sticky) hold(name);
    caret.collapse();
    current.choose(model.find({ start: range.start, end: range.end, label: name })?.id);
    if (done) say(named({ ...range, label: name }));
    if (done && gone.length) note(ngettext("{spans} gave way. Undo brings it back.", "{spans} gave way. Undo brings them back.", gone.length, { spans: gone.map(named).join(", ") }));
  }

  function hold(name) {
    held = name;
    preferences.held = name;
  }

  /** A click on the palette: label what is selected, or hold the label for the next drag. */
  function choose(name) {
    if (hasText && caret.placed && held !== name) label(name);
    else if (held === name) hold(null);
    else hold(name);
    draw();
    container.focus({ preventScroll: true });
  }

  function decide(suggestion, accept) {
    const done = accept ? model.accept(suggestion.id) : model.refuse(suggestion.id);
    if (!done) return;
    const next = model.suggestions.find((item) => item.start >= suggestion.start) ?? model.suggestions[0];
    if (next) moves.goTo(next);
    const left = model.suggestions.length;
    say(accept
      ? ngettext("Accepted {mark}; {count} suggestion open", "Accepted {mark}; {count} suggestions open", left, { mark: named(suggestion) })
      : ngettext("Refused {mark}; {count} suggestion open", "Refused {mark}; {count} suggestions open", left, { mark: named(suggestion) }));
  }

  function remove(span) {
    if (model.remove(span.id)) say(gettext("Removed {mark}", { mark: named(span) }));
  }

  // --- keeping -----------------------------------------------------------------------

  function read() {
    const { spans, refused } = model.payload(0);
    return { spans, refused };
  }

  /** Take over saved work, as one step that can be undone. */
  function restore(work) {
    if (!model.restore(work)) return false;
    drawn = model.state; // not a change of this page's own
    draw();
    return true;
  }

  function otherMark(direction) {
    if (current.step(direction)) sayCaret();
    else note(currentMark() ? gettext("There is no other span at the caret.") : gettext("There is no span at the caret."));
  }

  // --- commands ----------------------------------------------------------------------

  const commands = {
    label: (action) => label(action.label),
    ...moves.commands,
    ...edits.commands,
    find: () => find("toLetter"),
    findExtend: () => find("extendToLetter"),
    outward: () => otherMark(1),
    inward: () => otherMark(-1),
    stronger: () => palette.strengthen(1),
    weaker: () => palette.strengthen(-1),
    accept() {
      const mark = currentMark();
      if (mark?.kind === "suggestion") decide(mark, true); else moves.commands.nextMark();
    },
    refuse() {
      const mark = currentMark();
      if (mark?.kind === "suggestion") decide(mark, false);
    },
    remove() {
      const mark = currentMark();
      if (mark?.kind === "suggestion") decide(mark, false);
      else if (mark) remove(mark);
    },
    acceptAll() {
      const count = model.suggestions.length;
      if (model.acceptAll()) say(ngettext("Accepted {count} suggestion", "Accepted {count} suggestions", count));
    },
    undo: () => say(model.undo() ? gettext("Undone") : gettext("Nothing to undo")),
    redo: () => say(model.redo() ? gettext("Done again") : gettext("Nothing to redo")),
    clear() {
      if (edits.leave()) return;
      caret.collapse();
      hold(null);
    },
    submit: () => press(form, "submit"),
    acceptAndSubmit() { model.acceptAll(); press(form, "submit"); },
    skip: () => press(form, "skip"),
    reject() { form.querySelector("#reject-dialog")?.showModal(); },
    definitions() {
      const fold = document.querySelector("[data-definitions]");
      if (!fold) return;
      fold.open = !fold.open;
      if (fold.open) fold.scrollIntoView({ block: "nearest" });
    },
    flag() {
      const comment = document.querySelector("[data-comment-form]");
      if (!comment) return;
      comment.elements.flagged.checked = true;
      comment.elements.body.focus();
    },
    help() {
      const dialog = form.querySelector("#keys-dialog");
      if (dialog.open) dialog.close(); else dialog.showModal();
    },
  };
  function find(move) {
    finding = move;
    container.classList.toggle("finding", Boolean(move));
    if (move) say(gettext("Which letter does the word begin with?"));
  }

  /** The key after `find`; whether it was used. */
  function letter({ key, ctrlKey, metaKey }) {
    const move = finding;
    if (!move || MODIFIERS.has(key)) return false;
    find(null);
    if ([...key].length !== 1 || ctrlKey || metaKey) return key === "Escape";
    run({ command: move, letter: key });
    return true;
  }

  const needsText = new Set(["find", "findExtend", ...Object.keys(moves.commands), ...Object.keys(edits.commands), "clear", "accept", "refuse", "remove", "label", "outward", "inward"]);

  function run(action) {
    if (needsText.has(action.command) && !hasText) return false;
    if (action.command !== "same" && action.command !== "clear") edits.leave();
    const result = commands[action.command](action);
    draw();
    if (action.command in edits.commands) moves.reveal();
    if (action.command in moves.commands) {
      moves.reveal();
      sayCaret();
    }
    return result !== false;
  }

  // --- pointer -----------------------------------------------------------------------

  if (hasText) watchPointer(container, offsets, {
    begin({ point, token, mark, extend: shift }) {
      edits.leave();
      pressed = { point, onFreeWord: token !== null && !mark, before: caret.token, again: caret.placed && !caret.selection && !shift };
      if (shift) caret.extendTo(token ?? index.at(point)); else caret.moveTo(token ?? index.at(point));
      draw();
    },
    move({ point, token, characters }) {
      const target = token ?? index.at(point);
      if (characters) { if (!caret.selectCharacters(pressed.point, point)) return false; }
      else if (target === caret.token && !caret.selection) return false;
      else caret.extendTo(target);
      draw();
      return true;
    },
    end(moved) {
      if (held && (moved || pressed.onFreeWord)) label(held);
      else if (!moved && pressed.again && pressed.before === caret.token) current.step(1);
      draw();
      sayCaret();
    },
    cancel() { caret.moveTo(pressed.before); draw(); },
  });

  form.addEventListener("click", (event) => {
    const target = event.target.closest("button");
    const tagged = event.target.closest(".span-tag")?.closest("mark");
    if (!target && tagged) {
      moves.goTo({ id: Number(tagged.dataset.id), start: Number(tagged.dataset.start), end: Number(tagged.dataset.end) });
      draw();
      sayCaret();
    }
    if (!target) return;
    const { accept, refuse, remove: gone, command, reason } = target.dataset;
    const find = (list, id) => list.find((item) => item.id === Number(id));
    if (accept) decide(find(model.suggestions, accept), true);
    else if (refuse) decide(find(model.suggestions, refuse), false);
    else if (gone) remove(find(model.spans, gone));
    else if (command) run({ command });
    else if (reason) form.elements.reason.value = reason;
    else return;
    draw();
    if (!reason && !document.querySelector("dialog[open]")) container.focus({ preventScroll: true });
  });
  // Enter in the reason box must reject, not press the form's first button.
  form.querySelector("#reject-dialog")?.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.target.tagName !== "INPUT") return;
    event.preventDefault();
    press(form, "reject");
  });

  caret.moveTo(0, false);
  model.setThreshold(preferences.threshold / 100);
  if (hasText && model.suggestions.length) caret.moveTo(index.touched(model.suggestions[0])[0], false);
  draw();
  keeper = createKeeper({ form, clock, read, restore }, data);
  keptBy(form, keeper);
  watchPlace(() => {
    const range = hasText ? caret.selection ?? currentMark() : null;
    return range && { start: range.start, end: range.end, text: offsets.slice(range.start, range.end) };
  });
  return {
    form,
    clock,
    keymap,
    run,
    letter,
    fill() { form.elements.payload.value = JSON.stringify(model.payload(clock.seconds)); },
  };
}
