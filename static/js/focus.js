/* The focus survives a panel that is fetched again: htmx keeps it for elements with an id alone, and
   whoever works without a mouse would start again at the top of the page. */

const signs = (element) => [
  element.tagName,
  element.getAttribute("name"),
  element.getAttribute("value"),
  element.getAttribute("href"),
  element.getAttribute("aria-label"),
  element.matches("input, textarea, select") ? "" : element.textContent.trim(),
].join("\n");

let lost = null;

document.body.addEventListener("htmx:beforeSwap", ({ detail }) => {
  const active = document.activeElement;
  const inside = detail.shouldSwap && active !== document.body && active !== detail.target && detail.target.contains(active);
  lost = inside ? { tag: active.tagName, signs: signs(active), card: active.closest("[id]")?.id ?? "" } : null;
});

document.body.addEventListener("htmx:afterSwap", () => {
  if (!lost || document.activeElement !== document.body) return;
  const card = document.getElementById(lost.card);
  // In its own card first: the tabs above have links of the same name.
  const same = [card, document].flatMap((box) => (box ? [...box.querySelectorAll(lost.tag)] : []))
    .find((element) => signs(element) === lost.signs && element.offsetParent);
  const place = same ?? card;
  lost = null;
  if (!place) return;
  if (!same && place.tabIndex < 0) place.tabIndex = -1;
  place.focus({ preventScroll: true });
});
