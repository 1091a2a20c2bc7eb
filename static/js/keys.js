/* The page of one's keys: a field takes the key that is pressed in it. Without this script the name
   of a key is typed. */
import { nameOf } from "./annotator/keyboard.js";

const MODIFIERS = new Set(["Shift", "Control", "Alt", "AltGraph", "Meta", "CapsLock", "Dead", "Process", "Unidentified"]);

for (const help of document.querySelectorAll("[data-key-help]")) help.hidden = false;
addEventListener("keydown", (event) => {
  const field = event.target.closest?.("[data-key-field]");
  // Tab must always lead on, and the browser's own shortcuts stay the browser's.
  if (!field || event.key === "Tab" || MODIFIERS.has(event.key)) return;
  const key = nameOf(event);
  if (!key || /^Mod\+(Shift\+)?[a-z]$/.test(key) && "cvxawtnqrl".includes(key.at(-1))) return;
  event.preventDefault();
  field.value = key === "Backspace" && field.value ? "" : key === " " ? "Space" : key.replace("Mod+", "Ctrl+");
});
