/* The comment form beside the text: offers the place at hand, a selection or the span at the caret. */

let placeAtHand = () => null;

/** `read()` → {start, end, text} or null. */
export function watchPlace(read) { placeAtHand = read; }

addEventListener("focusin", ({ target }) => {
  const form = target.closest?.("[data-comment-form]");
  if (!form || form.dataset.offered) return;
  form.dataset.offered = "yes";
  const place = placeAtHand();
  const offer = form.querySelector("[data-about]");
  offer.hidden = !place;
  form.querySelector("[data-about-place]").checked = Boolean(place);
  form.querySelector("[data-about-text]").textContent = place?.text ?? "";
  fill(form, place);
  form.querySelector("[data-about-place]").onchange = (event) => fill(form, event.target.checked ? place : null);
});
addEventListener("focusout", ({ target, relatedTarget }) => {
  const form = target.closest?.("[data-comment-form]");
  if (form && !form.contains(relatedTarget) && !form.elements.body.value) delete form.dataset.offered;
});

function fill(form, place) {
  form.elements.start.value = place?.start ?? "";
  form.elements.end.value = place?.end ?? "";
}
