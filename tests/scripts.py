"""What the scripts hold in quotes: for finding words that people would read in English whatever their language."""

from __future__ import annotations

import re
from collections.abc import Iterator

PIECE = re.compile(
    r"""//[^\n]*|/\*.*?\*/"""
    r"""|(?<=[(,=:\[!&|?{};>\s])/(?![/*=\s])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n\[])+/\w*"""
    r"""|(?P<text>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')|[`{}]""",
    re.S,
)
"""Comments and regular expressions (both to be passed over), strings, and what begins or ends a template."""
TEMPLATE = re.compile(r"(?P<text>(?:\\.|\$(?!{)|[^`\\$])*)(?P<end>`|\$\{)", re.S)


def literals(source: str) -> Iterator[tuple[int, str]]:
    """(place, text) of every string; of a template what stands between its holes."""
    depth: list[str] = []  # "{" of code, "${" of a template's hole
    at = 0
    while match := PIECE.search(source, at):
        at, found = match.end(), match[0]
        if match["text"]:
            yield match.start(), found[1:-1]
        elif found == "{":
            depth.append(found)
        elif found == "`" or (found == "}" and depth and depth.pop() == "${"):
            part = TEMPLATE.match(source, at)
            assert part, source[at : at + 40]
            yield at, part["text"]
            at = part.end()
            if part["end"] == "${":
                depth.append("${")
