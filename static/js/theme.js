/* Loaded blocking in <head>: what was chosen is on <html> before the first paint. What was not chosen
   follows the system. High contrast is the attribute data-contrast="more" in either case, so that the
   style sheet says once what it looks like. */
(() => {
  const root = document.documentElement;
  const system = {
    theme: [matchMedia("(prefers-color-scheme: dark)"), (dark) => (dark ? "dark" : "light")],
    contrast: [matchMedia("(prefers-contrast: more)"), (more) => (more ? "more" : "standard")],
  };
  const VALUES = { theme: ["light", "dark"], contrast: ["standard", "more"] };
  const stored = { theme: "", contrast: "" };
  for (const name of Object.keys(stored)) {
    try {
      const value = localStorage.getItem(`daner-${name}`);
      if (VALUES[name].includes(value)) stored[name] = value;
    } catch { /* storage may be off; the system's wish then holds */ }
  }

  const inForce = (name) => stored[name] || system[name][1](system[name][0].matches);

  function show() {
    // Without a choice of one's own the style sheet follows the system's light or dark by itself.
    if (stored.theme) root.dataset.theme = stored.theme; else delete root.dataset.theme;
    root.dataset.contrast = inForce("contrast");
    for (const button of document.querySelectorAll("[data-choose-theme]")) {
      button.setAttribute("aria-pressed", String(button.dataset.chooseTheme === stored.theme));
    }
    for (const button of document.querySelectorAll("[data-toggle-contrast]")) {
      button.setAttribute("aria-pressed", String(inForce("contrast") === "more"));
    }
  }

  function choose(name, value) {
    stored[name] = value;
    try {
      if (value) localStorage.setItem(`daner-${name}`, value); else localStorage.removeItem(`daner-${name}`);
    } catch { /* as above */ }
    show();
  }

  addEventListener("click", (event) => {
    const theme = event.target.closest?.("[data-choose-theme]");
    if (theme) choose("theme", theme.dataset.chooseTheme);
    if (event.target.closest?.("[data-toggle-contrast]")) {
      choose("contrast", inForce("contrast") === "more" ? "standard" : "more");
    }
  });
  for (const [media] of Object.values(system)) media.addEventListener("change", show);
  addEventListener("DOMContentLoaded", show);
  show();
})();
