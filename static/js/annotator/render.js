/* Draws lines of tokens with spans, suggestions, selection and caret. Text goes in through text
   nodes and never comes back out: every piece carries data-start and data-end in code points.

   Of a long text only the lines near the window are cut into pieces; the others stand there as
   plain text, which keeps the page's height, until they come near. */
import { lastAtMost } from "./offsets.js";

const LONG = 20_000; // code points

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
 *  view: {spans, suggestions, selection: {start, end} | null, caret: {start, end} | null, current: id | null} */
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
  container.replaceChildren(...elements);
  if (isLong) watchLines();

  function watchLines() {
    const numbers = new Map(elements.map((element, number) => [element, number]));
    const observer = new IntersectionObserver((entries) => {
      for (const { target, isIntersecting } of entries) {
        if (!isIntersecting) continue;
        near.add(numbers.get(target));
        observer.unobserve(target);
      }
      if (shown) draw(shown);
    }, { rootMargin: "1000px" });
    for (const element of elements) observer.observe(element);
  }

  function draw(view) {
    shown = view;
    const marks = [
      ...view.spans.map((span) => ({ ...span, kind: "span" })),
      ...view.suggestions.map((suggestion) => ({ ...suggestion, kind: "suggestion" })),
    ].sort((a, b) => a.start - b.start);
    let next = 0;
    lines.forEach(([start, end], index) => {
      while (next < marks.length && marks[next].end <= start) next += 1;
      if (!near.has(index)) return;
      const here = [];
      for (let m = next; m < marks.length && marks[m].start < end; m += 1) here.push(marks[m]);
      const selection = clip(view.selection, start, end);
      const caret = clip(view.caret, start, end);
      const key = JSON.stringify([here, selection, caret, here.some((mark) => mark.id === view.current) && view.current]);
      if (drawn[index] === key) return;
      drawn[index] = key;
      elements[index].replaceChildren(...content(index, here, selection, caret, view.current));
    });
  }

  function content(index, marks, selection, caret, current) {
    const [start, end] = lines[index];
    const nodes = [];
    let at = start;
    for (const mark of marks) {
      const from = Math.max(mark.start, start);
      const to = Math.min(mark.end, end);
      nodes.push(...run(index, at, from, selection, caret), wrap(mark, run(index, from, to, selection, caret), mark.end <= end, mark.id === current));
      at = to;
    }
    nodes.push(...run(index, at, end, selection, caret));
    return nodes;
  }

  /* Pieces of [from, to): tokens and the gaps between them, cut at the selection's edges. */
  function run(line, from, to, selection, caret) {
    const nodes = [];
    const put = (start, end, token) => {
      const cuts = [start, ...[selection?.start, selection?.end].filter((cut) => cut > start && cut < end), end];
      for (let i = 0; i + 1 < cuts.length; i += 1) {
        const element = piece(offsets, cuts[i], cuts[i + 1], token === null ? "gap" : "tok");
        if (token !== null) element.dataset.token = token;
        if (selection && cuts[i] >= selection.start && cuts[i + 1] <= selection.end) element.classList.add("selected");
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
