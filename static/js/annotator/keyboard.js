/* Which key does what. Pure: no DOM, only key names as KeyboardEvent gives them. */

/* Every command has a key no label can take (labels own single small letters and digits), so a
   project that uses "a" for a label loses a shortcut, never a command. */
export const COMMANDS = [
  { name: "previous", keys: ["ArrowLeft"], text: "Word to the left" },
  { name: "next", keys: ["ArrowRight"], text: "Word to the right" },
  { name: "extendPrevious", keys: ["Shift+ArrowLeft"], text: "Extend the selection to the left" },
  { name: "extendNext", keys: ["Shift+ArrowRight"], text: "Extend the selection to the right" },
  { name: "characterPrevious", keys: ["Alt+Shift+ArrowLeft"], text: "Move the selection's edge one character left" },
  { name: "characterNext", keys: ["Alt+Shift+ArrowRight"], text: "Move the selection's edge one character right" },
  { name: "up", keys: ["ArrowUp"], text: "Line above" },
  { name: "down", keys: ["ArrowDown"], text: "Line below" },
  { name: "lineStart", keys: ["Home"], text: "First word of the line" },
  { name: "lineEnd", keys: ["End"], text: "Last word of the line" },
  { name: "nextMark", keys: ["Tab"], text: "Next suggestion, or span when none is open" },
  { name: "previousMark", keys: ["Shift+Tab"], text: "Previous suggestion or span" },
  { name: "accept", keys: ["a", " "], text: "Accept the suggestion at the caret and go to the next" },
  { name: "acceptAll", keys: ["A"], text: "Accept all suggestions on screen" },
  { name: "refuse", keys: ["r", "R"], text: "Refuse the suggestion at the caret" },
  { name: "remove", keys: ["Delete", "Backspace"], text: "Remove the span, or refuse the suggestion" },
  { name: "undo", keys: ["u", "Mod+z"], text: "Undo" },
  { name: "redo", keys: ["Mod+y", "Mod+Shift+z"], text: "Redo" },
  { name: "clear", keys: ["Escape"], text: "Drop the selection and the held label" },
  { name: "submit", keys: ["Enter", "Mod+Enter"], text: "Submit and open the next document" },
  { name: "acceptAndSubmit", keys: ["Shift+Enter"], text: "Accept all suggestions on screen and submit" },
  { name: "skip", keys: ["s", "S"], text: "Skip: it comes back later" },
  { name: "reject", keys: ["x", "X"], text: "Reject: the text is unusable" },
  { name: "help", keys: ["?"], text: "Show or hide this list" },
];

const MAY_REPEAT = new Set(["previous", "next", "extendPrevious", "extendNext", "characterPrevious", "characterNext", "up", "down", "undo", "redo"]);

/** Bindings for a project's labels: `actionOf(event)` and the keys shown on screen. */
export function keymapFor(labels) {
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
    const free = keys.filter((key) => !bindings.has(key));
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

/** "Mod+Shift+z", "Shift+ArrowLeft", "A", "?" from a KeyboardEvent. */
export function nameOf(event) {
  if (event.isComposing) return "";
  let { key } = event;
  // On a Greek, Cyrillic, Arabic … layout the key's place decides.
  if (key > "\u007f" && /^Key[A-Z]$/.test(event.code)) key = event.shiftKey ? event.code[3] : event.code[3].toLowerCase();
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
