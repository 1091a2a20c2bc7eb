/* Draws lines of tokens with spans, suggestions, selection and caret. Text goes in through text
   nodes and never comes back out: every piece carries data-start and data-end in code points.

   Of a long text only the lines near the window are cut into pieces; the others stand there as
   plain text, which keeps the page's height, until they come near, and again when they have gone. */
import { lastAtMost } from "./offsets.js";

const LONG = 20_000; // code points
const ROW = 100;      // code points in a row of the page, about
const BLOCK = 20;     // rows of a long text that the browser lays out, or leaves out, together

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
      const here = [...within(view.spans, start, end, "span"), ...within(view.suggestions, start, end, "suggestion")].sort((a, b) => a.start - b.start);
      const extra = { selection: clip(view.selection, start, end), caret: clip(view.caret, start, end), preview: within(view.preview ?? [], start, end) };
      const key = JSON.stringify([here, extra, here.some((mark) => mark.id === view.current) && view.current]);
      if (drawn[number] === key) continue;
      drawn[number] = key;
      elements[number].replaceChildren(...content(number, here, extra, view.current));
    }
  }

  function content(index, marks, extra, current) {
    const [start, end] = lines[index];
    const nodes = [];
    let at = start;
    for (const mark of marks) {
      const from = Math.max(mark.start, start);
      const to = Math.min(mark.end, end);
      nodes.push(...run(index, at, from, extra), wrap(mark, run(index, from, to, extra), mark.end <= end, mark.id === current));
      at = to;
    }
    nodes.push(...run(index, at, end, extra));
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

  function wrap(mark, nodes, isLast, isCurrent) {
    const element = document.createElement("mark");
    const suggested = mark.kind === "suggestion";
    element.className = suggested ? "span span-suggested" : "span";
    if (isCurrent) element.classList.add("current");
    element.dataset.id = mark.id;
    element.dataset.start = mark.start;
    element.dataset.end = mark.end;
    element.style.setProperty("--label", color.get(mark.label) ?? "#7a8790");
    if (isLast) {
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
    const what = `${mark.label} “${offsets.slice(mark.start, mark.end)}”`;
    if (suggested) {
      const strength = document.createElement("span");
      strength.className = "strength";
      strength.textContent = percent(mark.confidence);
      element.append(
        strength,
        button("tag-button", "✓", `Accept ${what}`, { accept: mark.id }),
        button("tag-button", "✕", `Refuse ${what}`, { refuse: mark.id }),
      );
    } else {
      element.append(button("tag-button", "✕", `Remove ${what}`, { remove: mark.id }));
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

/* Those of a list in order, none overlapping, that have characters in [start, end). */
function within(list, start, end, kind) {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (list[middle].end <= start) low = middle + 1; else high = middle;
  }
  const found = [];
  for (; low < list.length && list[low].start < end; low += 1) found.push({ ...list[low], kind });
  return found;
}

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
