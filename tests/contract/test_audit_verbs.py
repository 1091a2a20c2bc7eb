"""The audit trail's words: every word that is written is known, every known word is written."""

from __future__ import annotations

import ast
from pathlib import Path

from daner_site.accounts.domain.verbs import VERBS

ROOT = Path(__file__).parents[2]
APPS = ("daner_site", "annotation", "activelearning", "quality")


def strings(folder: str) -> set[str]:
    """Every string literal of the app, except in the list of verbs itself."""
    return {
        node.value
        for path in (ROOT / folder).rglob("*.py")
        if path.name != "verbs.py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def verbs_given(folder: str) -> set[str]:
    """String literals passed as `verb=`."""
    return {
        node.value.value
        for path in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.keyword) and node.arg == "verb" and isinstance(node.value, ast.Constant)
    }


def test_every_verb_that_is_written_is_known() -> None:
    assert {verb for app in APPS for verb in verbs_given(app)} <= set(VERBS)


def test_every_known_verb_is_written_somewhere() -> None:
    assert set(VERBS) <= {text for app in APPS for text in strings(app)}
