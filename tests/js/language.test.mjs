import assert from "node:assert/strict";
import { test } from "node:test";

/* The module takes the catalogue of the page it is loaded in: every page here is a fresh copy. */
let pages = 0;
async function pageWith(catalogue) {
  globalThis.django = catalogue;
  try { return await import(`../../static/js/language.js?${++pages}`); } finally { delete globalThis.django; }
}

test("without a catalogue the text itself is said, with its holes filled", async () => {
  const { gettext, ngettext, quoted } = await pageWith(undefined);
  assert.equal(gettext("{left} of {all} still open", { left: 0, all: 3 }), "0 of 3 still open");
  assert.deepEqual([0, 1, 2].map((count) => ngettext("{count} span", "{count} spans", count)), ["0 spans", "1 span", "2 spans"]);
  assert.equal(quoted("Ada"), "“Ada”");
});

test("with a catalogue its words are said, in the plural form of its language", async () => {
  const { gettext, ngettext } = await pageWith({
    gettext: (text) => ({ "Removed {mark}": "Segment retiré : {mark}" })[text] ?? text,
    ngettext: (one, many, count) => (count > 1 ? "{count} segments" : "{count} segment"),
  });
  assert.equal(gettext("Removed {mark}", { mark: "PER" }), "Segment retiré : PER");
  assert.equal(gettext("Saved"), "Saved");
  assert.deepEqual([0, 1, 2].map((count) => ngettext("{count} span", "{count} spans", count)), ["0 segment", "1 segment", "2 segments"]);
});

test("braces in what people wrote are no holes", async () => {
  const { gettext } = await pageWith(undefined);
  assert.equal(gettext("{words}, the word alone, inside {mark}", { words: "{mark}", mark: "$& {words}" }), "{mark}, the word alone, inside $& {words}");
  assert.equal(gettext("{nobody} knows"), "{nobody} knows");
});
