/* The Content-Security-Policy forbids style attributes; CSSOM is allowed.
   data-color="#0072B2" becomes --label, data-heat="0.83" becomes --heat. */

const COLOR = /^#[0-9a-f]{6}$/i;

export function paint(root = document) {
  for (const element of [root, ...root.querySelectorAll("[data-color], [data-heat]")]) {
    const { color, heat } = element.dataset ?? {};
    if (color && COLOR.test(color)) element.style.setProperty("--label", color);
    if (heat) element.style.setProperty("--heat", String(Math.min(1, Math.max(0, Number(heat) || 0))));
  }
}

paint();
document.body.addEventListener("htmx:afterSwap", (event) => paint(event.detail.elt));
document.body.addEventListener("htmx:oobAfterSwap", (event) => paint(event.detail.elt));
