import assert from "node:assert/strict";
import { test } from "node:test";
import { COMMANDS, keymapFor, nameOf, readable } from "../../static/js/annotator/keyboard.js";

const key = (name, more = {}) => ({ key: name, code: "", ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, repeat: false, isComposing: false, ...more });

test("a label's key labels; labels without one get free digits", () => {
  const keymap = keymapFor([{ name: "PER", key: "p" }, { name: "ORG", key: "" }, { name: "LOC", key: "1" }, { name: "MISC", key: "" }]);
  assert.deepEqual(keymap.actionOf(key("p")), { command: "label", label: "PER" });
  assert.equal(keymap.labelKeys.get("ORG"), "2");
  assert.equal(keymap.labelKeys.get("MISC"), "3");
});

test("a label may take any letter or digit and every command is still within reach", () => {
  const labels = [..."abcdefghijklmnopqrstuvwxyz0123456789"].map((k) => ({ name: `L${k}`, key: k }));
  const keymap = keymapFor(labels);
  for (const { name } of COMMANDS) assert.ok(keymap.hints.get(name).length, name);
  assert.equal(keymap.actionOf(key("a")).command, "label");
  assert.equal(keymap.actionOf(key(" ")).command, "accept");
});

test("no two commands share a key", () => {
  const keys = COMMANDS.flatMap((command) => command.keys);
  assert.equal(new Set(keys).size, keys.length);
});

test("modifiers are part of the key, with Ctrl and Cmd the same", () => {
  assert.equal(nameOf(key("z", { ctrlKey: true })), "Mod+z");
  assert.equal(nameOf(key("Z", { metaKey: true, shiftKey: true })), "Mod+Shift+z");
  assert.equal(nameOf(key("ArrowLeft", { shiftKey: true })), "Shift+ArrowLeft");
  assert.equal(nameOf(key("A", { shiftKey: true })), "A");
  assert.equal(nameOf(key("?", { shiftKey: true })), "?");
});

test("a shortcut of the browser is never taken for a label", () => {
  const keymap = keymapFor([{ name: "PER", key: "p" }]);
  assert.equal(keymap.actionOf(key("p", { ctrlKey: true })), null);
  assert.equal(keymap.actionOf(key("p", { altKey: true })), null);
});

test("on another alphabet's layout the key's place decides", () => {
  assert.equal(nameOf(key("з", { code: "KeyP" })), "p");
  assert.equal(nameOf(key("Ф", { code: "KeyA", shiftKey: true })), "A");
});

test("a held key moves on but never submits twice", () => {
  const keymap = keymapFor([]);
  assert.equal(keymap.actionOf(key("ArrowRight", { repeat: true })).command, "next");
  assert.equal(keymap.actionOf(key("Enter", { repeat: true })), null);
});

test("keys read as people write them", () => {
  assert.equal(readable("Shift+ArrowLeft"), "Shift ←");
  assert.equal(readable("A"), "Shift A");
  assert.equal(readable("a"), "a");
  assert.equal(readable(" "), "Space");
  assert.equal(readable("Mod+Shift+z"), "Ctrl Shift Z");
});
