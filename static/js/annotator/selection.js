/* Mouse, pen and touch: dragging over words in either direction. Alt selects characters.
   Reports positions in code points; what a position means is the editor's business. */

/** Watch `container`. Callbacks: begin({point, token, mark}), move({point, token, characters}), end(moved), cancel(). */
export function watchPointer(container, offsets, callbacks) {
  let pointer = null;
  let moved = false;

  container.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || event.target.closest("button, .span-tag")) return;
    const place = placeOf(event, container, offsets);
    if (!place) return;
    event.preventDefault();
    container.focus({ preventScroll: true });
    pointer = event.pointerId;
    moved = false;
    container.setPointerCapture(pointer);
    callbacks.begin({ ...place, extend: event.shiftKey });
  });
  // Keeps the browser from painting its own selection over ours.
  container.addEventListener("mousedown", (event) => {
    if (event.button === 0 && !event.target.closest("button")) event.preventDefault();
  });
  container.addEventListener("pointermove", (event) => {
    if (event.pointerId !== pointer) return;
    const place = placeOf(event, container, offsets);
    if (!place) return;
    moved = callbacks.move({ ...place, characters: event.altKey }) || moved;
  });
  container.addEventListener("pointerup", (event) => {
    if (event.pointerId !== pointer) return;
    pointer = null;
    callbacks.end(moved);
  });
  // A vertical swipe on a touch screen is scrolling: the browser takes the pointer away.
  container.addEventListener("pointercancel", (event) => {
    if (event.pointerId !== pointer) return;
    pointer = null;
    callbacks.cancel();
  });
}

/* What is under the pointer: the exact code point (nearest edge), the token if it is on one. */
function placeOf(event, container, offsets) {
  const hit = document.elementFromPoint(event.clientX, event.clientY);
  const inside = hit && container.contains(hit) ? hit : null;
  const onToken = inside?.closest("[data-token]");
  const point = pointOf(event, container, offsets) ?? (onToken ? Number(onToken.dataset.start) : null);
  if (point === null) return null;
  return {
    point,
    token: onToken ? Number(onToken.dataset.token) : null,
    mark: inside?.closest("mark")?.dataset.id ?? null,
  };
}

function pointOf({ clientX, clientY }, container, offsets) {
  const caret = document.caretPositionFromPoint?.(clientX, clientY);
  const range = caret ? null : document.caretRangeFromPoint?.(clientX, clientY);
  const node = caret?.offsetNode ?? range?.startContainer;
  const offset = caret?.offset ?? range?.startOffset;
  if (!node || !container.contains(node)) return null;
  const element = node.nodeType === Node.TEXT_NODE ? node.parentElement : node;
  const holder = element.closest("[data-start]");
  if (!holder) return null;
  // Inside a mark but on its tag: the end of the span.
  if (holder.tagName === "MARK") return Number(holder.dataset.end);
  const within = node.nodeType === Node.TEXT_NODE ? offset : 0;
  return offsets.point(offsets.unit(Number(holder.dataset.start)) + within);
}
