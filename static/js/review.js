/* The review page: take a proposal, say there is nothing, move bounds, relabel, add what nobody
   marked. Everything counts in code points. Without this script the form's radio buttons do the
   deciding; with it, one JSON payload carries what is on screen. */
import { watchPlace } from "./annotator/comments.js";
import { createClock } from "./annotator/clock.js";
import { offsetsOf } from "./annotator/offsets.js";
import { watchPointer } from "./annotator/selection.js";
import { paint } from "./colors.js";
import { gettext } from "./language.js";
import { boxes } from "./nesting.js";
import { createLanes } from "./review_lanes.js";
import { keepLease } from "./review_lease.js";
import { createReview } from "./review_model.js";
import { mountSame } from "./review_same.js";
import { mountVersions } from "./review_versions.js";
import { toast } from "./toast.js";

const RESERVED = "ajkxnuserwc123456789";

const form = document.getElementById("review");
if (form && "editable" in form.dataset) start(form);

function start(form) {
  const data = JSON.parse(document.getElementById("review-data").textContent);
  const offsets = offsetsOf(data.text);
  const model = createReview(data);
  const text = form.querySelector("[data-text]");
  const status = form.querySelector("[data-status]");
  const fieldsets = new Map([...form.querySelectorAll("[data-group]")].map((f) => [f.dataset.group, f]));
  const color = (label) => data.colors[label] ?? "#7F7F7F";
  const lanes = createLanes(data.groups, color);
  text.style.setProperty("--lanes", lanes.count);
  let selection = null;
  let anchor = null;
  let dirty = false;
  const somebodyElse = keepLease(document.getElementById("lease"), form);
  const clock = createClock();
  for (const event of ["keydown", "pointerdown", "pointermove", "wheel"]) addEventListener(event, () => clock.touch(), { passive: true });
  document.addEventListener("visibilitychange", () => (document.hidden ? clock.pause() : clock.resume()));

  // --- drawing ---------------------------------------------------------------------------

  function draw() {
    const nodes = [];
    const around = []; // [box, its nodes], the outermost first
    let at = 0;
    const inside = () => around.at(-1)?.[1] ?? nodes;
    const upTo = (point) => { inside().push(...run(at, point)); at = point; };
    const close = () => {
      upTo(around.at(-1)[0].end);
      const [box, held] = around.pop();
      inside().push(wrap(box, held));
    };
    for (const box of boxes(model.marks())) {
      while (around.length && around.at(-1)[0].end <= box.start) close();
      upTo(box.start);
      around.push([box, []]);
    }
    while (around.length) close();
    upTo(offsets.length);
    text.replaceChildren(...nodes);
    for (const [id, fieldset] of fieldsets) drawGroup(id, fieldset);
    const left = model.open().length;
    status.textContent = left ? gettext("{left} of {all} still open", { left, all: model.conflicts }) : gettext("All decided. Shift+Enter finishes.");
  }

  /* Text between two points, cut at the edges of the selection and of what people marked. */
  function run(from, to) {
    const inner = selection ? [selection.start, selection.end].filter((cut) => cut > from && cut < to) : [];
    const cuts = [...new Set([from, ...inner, ...lanes.cuts(from, to), to])].sort((a, b) => a - b);
    return cuts.slice(1).flatMap((end, index) => {
      const begin = cuts[index];
      if (begin >= end) return [];
      const element = document.createElement("span");
      element.textContent = offsets.slice(begin, end);
      element.dataset.start = begin;
      element.dataset.end = end;
      lanes.paint(element, begin, end);
      if (selection && begin >= selection.start && end <= selection.end) element.className = "selected";
      return [element];
    });
  }

  /* A mark, or the part of one that lies within another. */
  function wrap({ of: mark, start, end, height }, nodes) {
    const element = document.createElement("mark");
    element.className = mark.label ? "span" : mark.decided ? "conflict decided" : "conflict";
    if (mark.item === model.current && (mark.index ?? 0) === model.index) element.classList.add("current");
    Object.assign(element.dataset, { id: `${mark.item}:${mark.index ?? 0}`, start, end });
    if (height) element.dataset.height = Math.min(height, 4);
    element.classList.toggle("goes-on", start > mark.start);
    element.classList.toggle("to-go-on", end < mark.end);
    element.append(...nodes);
    if (mark.label) element.style.setProperty("--label", color(mark.label));
    if (mark.label && end === mark.end) {
      const tag = document.createElement("b");
      tag.textContent = mark.label;
      element.append(tag);
    }
    return element;
  }

  function drawGroup(id, fieldset) {
    const decision = model.decision(id);
    fieldset.classList.toggle("current", id === model.current);
    fieldset.classList.toggle("done", Boolean(decision));
    let edited = fieldset.querySelector('input[value="edited"]');
    if (decision?.choice === "edited") {
      edited ??= addEdited(fieldset);
      edited.nextElementSibling.replaceChildren(...editedParts(decision.spans));
    } else edited?.closest("label").remove();
    for (const radio of fieldset.querySelectorAll("input[type=radio]")) radio.checked = radio.value === (decision?.choice ?? model.standard(id));
  }

  function addEdited(fieldset) {
    const label = document.createElement("label");
    label.className = "check option";
    const radio = document.createElement("input");
    Object.assign(radio, { type: "radio", name: `choice-${fieldset.dataset.group}`, value: "edited" });
    label.append(radio, document.createElement("span"));
    fieldset.append(label);
    return radio;
  }

  function editedParts(spans) {
    const badge = document.createElement("span");
    badge.className = "badge";
    badge.textContent = gettext("edited");
    return [badge, ...spans.flatMap((span) => {
      const mark = document.createElement("mark");
      mark.className = "span";
      mark.style.setProperty("--label", color(span.label));
      const tag = document.createElement("b");
      tag.textContent = span.label;
      mark.append(offsets.slice(span.start, span.end), tag);
      return [" ", mark];
    })];
  }

  // --- acting ------------------------------------------------------------------------------

  function act(done, problem) {
    if (done) dirty = true;
    else if (problem) toast(problem, { bad: true, seconds: 4 });
    draw();
    reveal();
    return done;
  }

  function reveal() {
    const fieldset = fieldsets.get(model.current);
    const fold = fieldset?.closest("details");
    if (fold) fold.open = true;
    fieldset?.scrollIntoView({ block: "nearest" });
    text.querySelector("mark.current")?.scrollIntoView({ block: "nearest" });
  }

  const commands = {
    next: () => act(model.step(1)),
    previous: () => act(model.step(-1)),
    nothing: () => act(model.nothing()) && advance(),
    undo: () => act(model.undo(), gettext("Nothing to undo.")),
    startLeft: () => bounds("start", -1),
    startRight: () => bounds("start", 1),
    endLeft: () => bounds("end", -1),
    endRight: () => bounds("end", 1),
    create,
    finish,
    suggest: () => form.querySelector("[data-do=suggest]")?.dispatchEvent(new Event("ask", { bubbles: true })),
    escalate: () => document.getElementById("escalate-dialog")?.showModal(),
    comment: () => document.getElementById("comment")?.focus(),
    talk: () => document.querySelector("#comments-card [data-comment-form] [name=to]")?.focus(),
    reason: () => fieldsets.get(model.current)?.querySelector("[data-reason]")?.focus(),
  };

  function bounds(edge, direction) {
    act(model.move(edge, direction), gettext("The span cannot go further there."));
  }

  function take(number) {
    if (act(model.take(number), gettext("There is no proposal {number} here.", { number }))) advance();
  }

  /* On to the next open place, if the current one is settled. */
  function advance() {
    if (model.advance()) { draw(); reveal(); }
  }

  function create() {
    const range = selection ?? model.freeToken();
    if (!range) return toast(gettext("Mark some words with the mouse first."), { bad: true });
    selection = null;
    return act(model.add(range), gettext("Something is marked there already."));
  }

  function relabel(label) {
    if (!selection) return act(model.relabel(label), gettext("Choose a place first."));
    const range = selection;
    selection = null;
    return act(model.add(range, label), gettext("Something is marked there already."));
  }

  function finish() {
    form.requestSubmit(form.querySelector("[data-finish]"));
  }

  const written = () => model.marks().filter(({ label }) => label).map(({ start, end, label }) => ({ start, end, label }));

  form.addEventListener("submit", (event) => {
    const [first] = model.open();
    const holder = somebodyElse();
    if (first || holder || form.dataset.sent) {
      event.preventDefault();
      if (holder) {
        toast(gettext("{name} is reviewing this document. Take it over to finish it.", { name: holder }), { bad: true });
        return document.querySelector("[data-take]")?.focus();
      }
      if (first) {
        model.go(first);
        act(false, gettext("Some places are still open: decide each before finishing."));
      }
      return;
    }
    const unsettled = versions?.open();
    if (unsettled) {
      event.preventDefault();
      toast(gettext("Two versions are apart here: choose one of them first."), { bad: true });
      return unsettled.focus();
    }
    form.elements.payload.value = JSON.stringify({ ...model.payload(), written: written() });
    form.elements.seconds.value = clock.seconds.toFixed(1);
    form.dataset.sent = "yes";
    dirty = false;
  });
  // Coming back with the browser's Back button must not leave a dead form.
  addEventListener("pageshow", () => delete form.dataset.sent);
  addEventListener("beforeunload", (event) => { if (dirty) event.preventDefault(); });

  form.addEventListener("change", (event) => {
    const fieldset = event.target.closest("[data-group]");
    if (!fieldset) { dirty = true; return; }
    model.go(fieldset.dataset.group);
    const { value } = event.target;
    if ("reason" in event.target.dataset) {
      dirty = true;
      model.because(fieldset.dataset.group, value);
      return;
    }
    if (value === "nothing") commands.nothing();
    else if (value !== "edited") take(Number(value));
  });

  form.addEventListener("click", (event) => {
    const button = event.target.closest("[data-do], [data-label]");
    if (button?.dataset.do) commands[button.dataset.do]();
    else if (button) relabel(button.dataset.label);
  });

  // --- pointer and keys ----------------------------------------------------------------------

  watchPointer(text, offsets, {
    begin({ point, mark }) {
      anchor = { point, mark };
      selection = null;
    },
    move({ point, characters }) {
      if (point === anchor.point) return false;
      const range = { start: Math.min(point, anchor.point), end: Math.max(point, anchor.point) };
      selection = characters ? spread(offsets.widen(range.start, range.end)) : model.snap(range);
      draw();
      return true;
    },
    end(moved) {
      if (!moved && anchor.mark) {
        const [item, at] = anchor.mark.split(":");
        model.go(item, Number(at));
      }
      draw();
      reveal();
    },
    cancel() {
      selection = null;
      draw();
    },
  });

  const versions = mountVersions(document.getElementById("versions"), {
    put: (range, spans) => act(model.put(range, spans)),
    go: (group) => { model.go(group); draw(); reveal(); },
  });

  const same = document.getElementById("same-dialog");
  if (same) commands.same = mountSame(same, {
    place: () => model.decided(),
    settle: (groups, decision) => groups.length && act(model.alike(groups, decision)) && advance(),
    refuse: (words) => toast(words, { bad: true }),
  });

  watchPlace(() => {
    const range = selection ?? model.place();
    return range && { ...range, text: offsets.slice(range.start, range.end) };
  });

  const keys = { a: "same", w: "talk", j: "next", k: "previous", x: "nothing", u: "undo", n: "create", s: "suggest", e: "escalate", c: "comment", r: "reason", "[": "startLeft", "{": "startRight", "]": "endRight", "}": "endLeft" };
  const labelKeys = mountPalette(form, data.labels);

  addEventListener("keydown", (event) => {
    if (event.key === "Escape" && event.target.closest("textarea, select")) event.target.blur();
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("dialog, textarea, select, input:not([type=radio])")) return;
    if (event.key === "Enter" && event.shiftKey) { event.preventDefault(); finish(); return; }
    const shifted = event.shiftKey ? `shift ${event.code.replace(/^(Key|Digit)/, "").toLowerCase()}` : event.key;
    const label = labelKeys.get(shifted);
    if (label) relabel(label);
    else if (Object.hasOwn(keys, event.key)) commands[keys[event.key]]?.();
    else if (/^[1-9]$/.test(event.key)) take(Number(event.key));
    else if (event.key === "Escape" && selection) { selection = null; draw(); }
    else return;
    event.preventDefault();
  });

  form.querySelector("[data-tools]").hidden = false;
  const escalate = form.querySelector("[data-do=escalate]");
  if (escalate) escalate.hidden = false;
  draw();
}

const spread = ([start, end]) => ({ start, end });

/* The label buttons. Returns key → label; a key the page uses itself works with Shift. */
function mountPalette(form, labels) {
  const list = form.querySelector("[data-palette]");
  const byKey = new Map();
  for (const { name, color, key } of labels) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "palette-button";
    button.dataset.label = name;
    button.dataset.color = color;
    button.append(name);
    if (key) {
      const shift = RESERVED.includes(key);
      byKey.set(shift ? `shift ${key}` : key, name);
      const hint = document.createElement("kbd");
      hint.textContent = shift ? `Shift ${key}` : key;
      button.append(hint);
    }
    list.append(button);
  }
  paint(list);
  return byKey;
}
