"""The demo corpus: short original texts with four labels, and two annotators' overlapping work on them.

Everything is read from the text files beside this module, which are meant to be read and corrected by hand:

- `pool.txt`, `test.txt`: one text per line, mentions marked as `[Mara Lind]{PER}`;
- `annotator_<name>.txt`: `<line number in pool.txt><tab><the same text, marked as that person marked it>`;
- `guidelines.md`: what the annotators were told.

All people, organisations and products are invented.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ANNOTATORS = ("ana", "ben")

_FOLDER = Path(__file__).parent
_MENTION = re.compile(r"\[([^\[\]{}]*)\]\{([^\[\]{}]*)\}")
_MARKUP = re.compile(r"[\[\]{}]")

Span = tuple[int, int, str]
"""(start, end, label) in Unicode code points, end exclusive."""


@dataclass(frozen=True)
class DemoLabel:
    name: str
    color: str
    """#rrggbb, light enough for dark text."""
    key: str
    description: str


@dataclass(frozen=True)
class DemoText:
    text: str
    spans: tuple[Span, ...]
    """In reading order, never overlapping."""


@dataclass(frozen=True)
class DemoCorpus:
    labels: tuple[DemoLabel, ...]
    guidelines: str
    """Markdown."""
    pool: tuple[DemoText, ...]
    test: tuple[DemoText, ...]
    work: Mapping[str, Mapping[int, tuple[Span, ...]]]
    """Annotator name → index into `pool` → the spans that annotator marked."""


# Four colours of the "light" scheme in Paul Tol, Colour Schemes (SRON/EPS/TN/09-002), which is made for
# dark text on coloured ground and stays distinct for colour-blind readers.
LABELS = (
    DemoLabel("PER", "#99ddff", "p", "People by name, without title or role."),
    DemoLabel(
        "ORG",
        "#eedd88",
        "o",
        "Firms, councils, teams, bands, and every institution with staff: museum, hospital, school, court.",
    ),
    DemoLabel("LOC", "#44bb99", "l", "Towns, waters, islands, streets, bridges, stations, parks, quays."),
    DemoLabel(
        "PRODUCT", "#ffaabb", "t", "Named things that are made: software, devices, vehicles, ships, food, drugs."
    ),
)


def load_demo(folder: Path = _FOLDER) -> DemoCorpus:
    """Read the corpus; raise ValueError naming file and line where a file is not as it should be."""
    pool = tuple(_texts(folder / "pool.txt"))
    return DemoCorpus(
        labels=LABELS,
        guidelines=(folder / "guidelines.md").read_text(encoding="utf-8"),
        pool=pool,
        test=tuple(_texts(folder / "test.txt")),
        work={name: _work(folder / f"annotator_{name}.txt", pool) for name in ANNOTATORS},
    )


def parse_marked(marked: str, *, where: str) -> DemoText:
    """Take `[Mara Lind]{PER} sailed.` apart into text and spans; `where` opens the message of any ValueError."""
    text, spans, done = "", [], 0
    for mention in _MENTION.finditer(marked):
        text += _plain(marked[done : mention.start()], where)
        surface, label = mention.groups()
        if not surface or surface != surface.strip():
            raise ValueError(f"{where}: a mention is empty or begins or ends with a space: {mention.group()}")
        if label not in {known.name for known in LABELS}:
            raise ValueError(f"{where}: unknown label {label!r} in {mention.group()}")
        spans.append((len(text), len(text) + len(surface), label))
        text += surface
        done = mention.end()
    text += _plain(marked[done:], where)
    if not text or text != text.strip():
        raise ValueError(f"{where}: the text is empty or begins or ends with a space")
    return DemoText(text, tuple(spans))


def _plain(piece: str, where: str) -> str:
    stray = _MARKUP.search(piece)
    if stray:
        raise ValueError(f"{where}: stray {stray.group()!r}; a mention is written [words]{{LABEL}}")
    return piece


def _lines(path: Path) -> Iterator[tuple[str, str]]:
    """(where, line) for each line; `where` is "pool.txt line 12"."""
    # Not splitlines(): it also breaks at characters that may stand inside a text.
    lines = path.read_text(encoding="utf-8").removesuffix("\n").split("\n")
    for number, line in enumerate(lines, start=1):
        yield f"{path.name} line {number}", line


def _texts(path: Path) -> Iterator[DemoText]:
    for where, line in _lines(path):
        yield parse_marked(line, where=where)


def _work(path: Path, pool: tuple[DemoText, ...]) -> dict[int, tuple[Span, ...]]:
    work: dict[int, tuple[Span, ...]] = {}
    for where, line in _lines(path):
        number, tab, marked = line.partition("\t")
        if not tab or not number.isdecimal() or not 1 <= int(number) <= len(pool):
            raise ValueError(f"{where}: expected a line number of pool.txt, a tab and the marked text")
        index = int(number) - 1
        if index in work:
            raise ValueError(f"{where}: line {number} of pool.txt has been annotated above already")
        version = parse_marked(marked, where=where)
        if version.text != pool[index].text:
            raise ValueError(f"{where}: the text differs from line {number} of pool.txt")
        work[index] = version.spans
    return work
