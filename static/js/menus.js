/* Menus made of <details class="menu"> and toolbars, without a mouse: arrows move inside, Escape closes
   a menu and gives the focus back, and a toolbar is one stop for Tab. */

const reachable = (box) =>
  [...box.querySelectorAll("a[href], button:not(:disabled), input:not(:disabled), select")].filter((item) => item.offsetParent);

function goTo(items, index) {
  const item = items[(index + items.length) % items.length];
  item?.focus();
  return Boolean(item);
}

/* Where an arrow leads from `index`; null for any other key. */
function step(event, index, count, [back, on]) {
  if (event.key === on) return index + 1;
  if (event.key === back) return index < 0 ? count - 1 : index - 1;
  if (event.key === "Home") return 0;
  if (event.key === "End") return count - 1;
  return null;
}

addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  const menu = event.target.closest?.("details.menu");
  if (event.key === "Escape") {
    const open = menu?.open ? menu : document.querySelector("details.menu[open]");
    if (!open) return;
    open.open = false;
    open.querySelector("summary").focus();
  } else if (menu) inMenu(event, menu);
  else inToolbar(event, event.target.closest?.('[role="toolbar"]'));
});

function inMenu(event, menu) {
  const items = reachable(menu.querySelector(".menu-list"));
  if (!menu.open && event.key === "ArrowDown") {
    event.preventDefault();
    menu.open = true;
    // At once: the next key may come before the next frame.
    goTo(reachable(menu.querySelector(".menu-list")), 0);
    return;
  }
  if (!menu.open) return;
  const next = step(event, items.indexOf(document.activeElement), items.length, ["ArrowUp", "ArrowDown"]);
  if (next !== null && goTo(items, next)) event.preventDefault();
}

function inToolbar(event, bar) {
  if (!bar) return;
  const items = reachable(bar);
  const arrows = getComputedStyle(bar).direction === "rtl" ? ["ArrowRight", "ArrowLeft"] : ["ArrowLeft", "ArrowRight"];
  const next = step(event, items.indexOf(document.activeElement), items.length, arrows);
  if (next !== null && goTo(items, next)) event.preventDefault();
}

/* Whoever has been in a toolbar leaves it with one Tab and comes back to the same place. */
addEventListener("focusin", ({ target }) => {
  const bar = target.closest?.('[role="toolbar"]');
  if (bar) for (const item of reachable(bar)) item.tabIndex = item === target ? 0 : -1;
});

/* A menu closes when the focus goes elsewhere, or on a click there. */
const closeOthers = (target) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(target)) menu.open = false;
  }
};
addEventListener("click", ({ target }) => closeOthers(target));
addEventListener("focusin", ({ target }) => closeOthers(target));
