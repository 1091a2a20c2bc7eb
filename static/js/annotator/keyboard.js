/* Which key does what. Pure: no DOM, only key names as KeyboardEvent gives them. */
import { COMMANDS } from "./commands.js";

export { COMMANDS };

const MAY_REPEAT = new Set(COMMANDS.filter((command) => command.repeats).map((command) => command.name));

/** Bindings for a project's labels: `actionOf(event)` and the keys shown on screen. `own` holds the
 *  keys a person has chosen for commands: {name: [keys]}. */
export function keymapFor(labels, own = {}) {
  const bindings = new Map();
  const labelKeys = new Map();
  const taken = new Set(labels.map((label) => label.key).filter(Boolean));
  const digits = "123456789".split("").filter((digit) => !taken.has(digit));
  for (const label of labels) {
    const key = label.key || digits.shift();
    if (!key) continue;
    labelKeys.set(label.name, key);
    bindings.set(key, { command: "label", label: label.name });
  }
  const hints = new Map();
  for (const { name, keys } of COMMANDS) {
    const free = (own[name] ?? keys).filter((key) => !bindings.has(key));
    for (const key of free) bindings.set(key, { command: name });
    hints.set(name, free);
  }
  return {
    labelKeys,
    hints,
    actionOf(event) {
      const action = bindings.get(nameOf(event));
      return action && (!event.repeat || MAY_REPEAT.has(action.command)) ? action : null;
    },
  };
}

const PLACES = { Comma: ",", Period: ".", Minus: "-" };

/** "Mod+Shift+z", "Shift+ArrowLeft", "A", "?" from a KeyboardEvent. */
export function nameOf(event) {
  if (event.isComposing) return "";
  let { key } = event;
  // On a Greek, Cyrillic, Arabic … layout the key's place decides.
  if (key > "\u007f" && /^Key[A-Z]$/.test(event.code)) key = event.shiftKey ? event.code[3] : event.code[3].toLowerCase();
  else if (key > "\u007f" && event.code in PLACES && !event.shiftKey) key = PLACES[event.code];
  const printable = [...key].length === 1;
  const parts = [];
  if (event.ctrlKey || event.metaKey) parts.push("Mod");
  if (event.altKey) parts.push("Alt");
  // Shift is part of what a printable key prints, unless a modifier makes it a shortcut.
  if (event.shiftKey && (!printable || parts.length)) parts.push("Shift");
  parts.push(printable && parts.length ? key.toLowerCase() : key);
  return parts.join("+");
}

const SIGNS = { ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓", " ": "Space", Delete: "Del", Escape: "Esc", Mod: "Ctrl" };

/** "Shift+ArrowLeft" as a person reads it: "Shift ←". */
export function readable(key) {
  if (key === " ") return SIGNS[" "];
  if (/^[A-Z]$/.test(key)) return `Shift ${key}`;
  if (key.length === 1) return key;
  return key.split("+").map((part) => SIGNS[part] ?? (part.length === 1 ? part.toUpperCase() : part)).join(" ");
}
