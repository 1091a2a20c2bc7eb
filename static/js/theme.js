/* Loaded blocking in <head>: the stored choice is on <html> before the first paint. */
(() => {
  const root = document.documentElement;
  try {
    const stored = localStorage.getItem("daner-theme");
    if (stored === "light" || stored === "dark") root.dataset.theme = stored;
  } catch { /* storage may be off; the system's preference then holds */ }

  addEventListener("click", (event) => {
    if (!event.target.closest?.("[data-theme-toggle]")) return;
    const dark = root.dataset.theme
      ? root.dataset.theme === "dark"
      : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    try { localStorage.setItem("daner-theme", root.dataset.theme); } catch { /* as above */ }
  });
})();
