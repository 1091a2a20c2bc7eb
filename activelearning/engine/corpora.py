"""Labelled files as examples, for whoever has files and no project."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from activelearning.domain.selection import shuffled
from activelearning.engine.types import EngineError, Example
from annotation.domain.formats import RowError, Unreadable, conll, decode


def read_conll(*paths: Path) -> list[Example]:
    """The documents of CoNLL files, one after the other.

    A document's id is made of the file's name, its folder's name and the row it begins on, so it is
    the same wherever the folder lies. Raises EngineError that names the file and the row.
    """
    examples = [example for path in paths for example in _read(path)]
    if len({example.document_id for example in examples}) < len(examples):
        raise EngineError("The same file is given twice.")
    return examples


def split_off(examples: Sequence[Example], share: float, seed: int) -> tuple[list[Example], list[Example]]:
    """(the rest, a random share of the documents), both in their order; chosen by seed and id alone."""
    order = [ranked.document_id for ranked in shuffled((e.document_id for e in examples), seed=seed)]
    taken = set(order[: round(share * len(order))])
    rest = [example for example in examples if example.document_id not in taken]
    return rest, [example for example in examples if example.document_id in taken]


def _read(path: Path) -> list[Example]:
    try:
        content = decode(path.read_bytes())
    except (OSError, Unreadable) as error:
        raise EngineError(f"{path} cannot be read: {error}") from error
    name = f"{path.absolute().parent.name}/{path.name}"
    examples = []
    for row in conll.parse(content):
        if isinstance(row, RowError):
            raise EngineError(f"{path}, {row}")
        if row.tokens is None or row.spans is None:
            raise EngineError(f"{path}, row {row.row}: there are no tokens with tags.")
        examples.append(Example(f"{name}:{row.row}", row.text, row.tokens, row.spans))
    if not any(example.spans for example in examples):
        raise EngineError(f"{path}: there is no entity in it.")
    return examples
