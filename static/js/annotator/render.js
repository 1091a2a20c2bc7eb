/* Draws lines of tokens with spans, suggestions, selection and caret. Text goes in through text
   nodes and never comes back out: every piece carries data-start and data-end in code points.

   Of a long text only the lines near the window are cut into pieces; the others stand there as
   plain text, which keeps the page's height, until they come near, and again when they have gone. */
import { gettext, quoted } from "../language.js";
import { boxes } from "../nesting.js";
import { lastAtMost } from "./offsets.js";
import { touching } from "./ranges.js";

const LONG = 20_000; // code points
const ROW = 100;      // code points in a row of the page, about
const BLOCK = 20;     // rows of a long text that the browser lays out, or leaves out, together
const DEEPEST = 4; // what holds more is drawn as high as this

const piece = (offsets, start, end, name) => {
  const element = document.createElement("span");
  element.className = name;
  element.dataset.start = start;
  element.dataset.end = end;
  element.textContent = offsets.slice(start, end);
  return element;
};

const button = (className, text, label, data) => {
  const element = document.createElement("button");
  element.type = "button";
  element.tabIndex = -1;
  element.className = className;
  element.textContent = text;
  element.setAttribute("aria-label", label);
  Object.assign(element.dataset, data);
  return element;
};

export const percent = (confidence) => `${Math.round(confidence * 100)} %`;

/** A renderer for one text: draw(view) brings the container up to date, touching changed lines only.
 *  view: {spans, suggestions, preview: [{start, end}], selection: {start, end} | null, caret: {start, end} | null,
 *  current: id | null}; lists in order. */
export function createRenderer({ container, offsets, tokens, lines, labels }) {
  const color = new Map(labels.map((label) => [label.name, label.color]));
  const drawn = [];
  const isLong = offsets.length > LONG;
  const near = new Set(isLong ? [] : lines.keys());
  const starts = lines.map(([start]) => start);
  const elements = lines.map(([start, end]) => {
    const element = document.createElement("div");
    element.className = "line";
    element.dir = "auto";
    if (isLong) element.textContent = offsets.slice(start, end);
    return element;
  });
  const firstToken = firstTokenOfLines(lines, tokens);
  let shown = null;
  container.classList.toggle("long", isLong);
  if (isLong) watch(inBlocks()); else container.replaceChildren(...elements);

  /* Blocks with the height they will have, as far as one can tell before. */
  function inBlocks() {
    const blocks = new Map();
    let numbers = [];
    let rows = 0;
    lines.forEach(([start, end], number) => {
      numbers.push(number);
      rows += Math.max(1, Math.ceil((end - start) / ROW));
      if (rows < BLOCK && number + 1 < lines.length) return;
      const block = document.createElement("div");
      block.className = "lines";
      block.style.setProperty("--rows", rows);
      block.append(...numbers.map((each) => elements[each]));
      blocks.set(block, numbers);
      numbers = [];
      rows = 0;
    });
    container.replaceChildren(...blocks.keys());
    return blocks;
  }

  /* Blocks come near and go away again: only lines near the window are ever in pieces. */
  function watch(blocks) {
    const observer = new IntersectionObserver((entries) => {
      for (const { target, isIntersecting } of entries) {
        for (const number of blocks.get(target)) {
          if (isIntersecting) near.add(number); else if (near.delete(number)) flatten(number);
        }
      }
      if (shown) draw(shown);
    }, { rootMargin: "1000px" });
    for (const block of blocks.keys()) observer.observe(block);
  }

  function flatten(number) {
    drawn[number] = undefined;
    elements[number].textContent = offsets.slice(...lines[number]);
  }

  function draw(view) {
    shown = view;
    for (const number of near) {
      const [start, end] = lines[number];
      const here = [...within(view.spans, start, end, "span"), ...within(view.suggestions, start, end, "suggestion")];
      const extra = { selection: clip(view.selection, start, end), caret: clip(view.caret, start, end), preview: within(view.preview ?? [], start, end) };
      const key = JSON.stringify([here, extra, here.some((mark) => mark.id === view.current) && view.current]);
      if (drawn[number] === key) continue;
      drawn[number] = key;
      elements[number].replaceChildren(...content(number, here, extra, view.current));
    }
  }

  /* Marks lie within each other as they do in the text; what crosses another is drawn in parts. */
  function content(index, marks, extra, current) {
    const [start, end] = lines[index];
    const nodes = [];
    const around = []; // [box, its nodes], the outermost first
    let at = start;
    const inside = () => around.at(-1)?.[1] ?? nodes;
    const upTo = (point) => { inside().push(...run(index, at, point, extra)); at = point; };
    const close = () => {
      upTo(around.at(-1)[0].end);
      const [box, held] = around.pop();
      inside().push(wrap(box, held, current));
    };
    for (const box of boxes(marks.map((mark) => ({ mark, start: Math.max(mark.start, start), end: Math.min(mark.end, end) })))) {
      while (around.length && around.at(-1)[0].end <= box.start) close();
      upTo(box.start);
      around.push([box, []]);
    }
    while (around.length) close();
    upTo(end);
    return nodes;
  }

  /* Pieces of [from, to): tokens and the gaps between them, cut at the edges of the selection and of the preview. */
  function run(line, from, to, { selection, caret, preview }) {
    const nodes = [];
    const edges = [selection, ...preview].flatMap((range) => (range ? [range.start, range.end] : []));
    const put = (start, end, token) => {
      const cuts = edges.length ? [...new Set([start, ...edges.filter((cut) => cut > start && cut < end), end])].sort((a, b) => a - b) : [start, end];
      for (let i = 0; i + 1 < cuts.length; i += 1) {
        const element = piece(offsets, cuts[i], cuts[i + 1], token === null ? "gap" : "tok");
        if (token !== null) element.dataset.token = token;
        if (selection && cuts[i] >= selection.start && cuts[i + 1] <= selection.end) element.classList.add("selected");
        if (preview.some((range) => cuts[i] >= range.start && cuts[i + 1] <= range.end)) element.classList.add("preview");
        if (caret && cuts[i] < caret.end && cuts[i + 1] > caret.start) element.classList.add("caret");
        nodes.push(element);
      }
    };
    let at = from;
    for (let t = firstToken[line]; t < tokens.length && tokens[t][0] < to; t += 1) {
      const start = Math.max(tokens[t][0], from);
      const end = Math.min(tokens[t][1], to);
      if (end <= start) continue;
      if (start > at) put(at, start, null);
      put(start, end, t);
      at = end;
    }
    if (at < to) put(at, to, null);
    return nodes;
  }

  function wrap({ of: { mark }, start, end, height }, nodes, current) {
    const element = document.createElement("mark");
    const suggested = mark.kind === "suggestion";
    element.className = suggested ? "span span-suggested" : "span";
    element.classList.toggle("goes-on", start > mark.start);
    element.classList.toggle("to-go-on", end < mark.end);
    if (height) element.dataset.height = Math.min(height, DEEPEST);
    if (mark.id === current) element.classList.add("current");
    element.dataset.id = mark.id;
    element.dataset.start = mark.start;
    element.dataset.end = mark.end;
    element.style.setProperty("--label", color.get(mark.label) ?? "#7a8790");
    if (end === mark.end && nodes.at(-1)?.tagName === "MARK") nodes.push(tag(mark, suggested));
    else if (end === mark.end) {
      // The tag stays on the line of the last word.
      const tail = document.createElement("span");
      tail.className = "span-tail";
      tail.append(nodes.pop(), tag(mark, suggested));
      nodes.push(tail);
    }
    element.append(...nodes);
    return element;
  }

  function tag(mark, suggested) {
    const element = document.createElement("span");
    element.className = "span-tag";
    const name = document.createElement("span");
    name.textContent = mark.label;
    element.append(name);
    const what = { mark: `${mark.label} ${quoted(offsets.slice(mark.start, mark.end))}` };
    if (suggested) {
      const strength = document.createElement("span");
      strength.className = "strength";
      strength.textContent = percent(mark.confidence);
      element.append(
        strength,
        button("tag-button", "✓", gettext("Accept {mark}", what), { accept: mark.id }),
        button("tag-button", "✕", gettext("Refuse {mark}", what), { refuse: mark.id }),
      );
    } else {
      element.append(button("tag-button", "✕", gettext("Remove {mark}", what), { remove: mark.id }));
    }
    return element;
  }

  return {
    draw,
    /** The element of a token's first piece, for scrolling and for moving up and down. */
    tokenElement(token) {
      const line = lastAtMost(starts, tokens[token][0]);
      if (!near.has(line)) {
        near.add(line);
        draw(shown);
      }
      return elements[line].querySelector(`[data-token="${token}"]`);
    },
  };
}

/* Those of a list in order that have characters in [start, end). */
const within = (list, start, end, kind) => touching(list, { start, end }).map((mark) => ({ ...mark, kind }));

function clip(range, start, end) {
  if (!range || range.end <= start || range.start >= end) return null;
  return { start: Math.max(range.start, start), end: Math.min(range.end, end) };
}

function firstTokenOfLines(lines, tokens) {
  let token = 0;
  return lines.map(([start]) => {
    while (token < tokens.length && tokens[token][1] <= start) token += 1;
    return token;
  });
}
