/* Search in what stands beside the text: marks every place, opens nothing, moves nothing but its own card. */
import { ngettext } from "../language.js";

const field = document.querySelector("[data-guide-search]");
const guide = document.querySelector("[data-guide]");
const tally = document.querySelector("[data-guide-count]");
if (field && guide) field.addEventListener("input", () => search(field.value.trim()));

function search(wanted) {
  for (const mark of guide.querySelectorAll("mark.found")) mark.replaceWith(...mark.childNodes);
  guide.normalize();
  if (wanted.length < 2) { tally.textContent = ""; return; }
  const walker = document.createTreeWalker(guide, NodeFilter.SHOW_TEXT);
  const nodes = [];
  while (walker.nextNode()) nodes.push(walker.currentNode);
  const pattern = new RegExp(wanted.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"), "giu");
  const found = nodes.flatMap((node) => highlight(node, pattern));
  tally.textContent = ngettext("{count} place", "{count} places", found.length);
  found[0]?.scrollIntoView({ block: "nearest" });
}

function highlight(node, pattern) {
  const marks = [];
  const pieces = [];
  let at = 0;
  for (const match of node.data.matchAll(pattern)) {
    const mark = document.createElement("mark");
    mark.className = "found";
    mark.textContent = match[0];
    pieces.push(node.data.slice(at, match.index), mark);
    marks.push(mark);
    at = match.index + match[0].length;
  }
  if (marks.length) node.replaceWith(...pieces, node.data.slice(at));
  return marks;
}
