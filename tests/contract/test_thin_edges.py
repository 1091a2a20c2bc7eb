"""Views, API, sockets, actors and receivers translate; queries and writes live below them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
APPS = ("daner_site", "annotation", "activelearning", "quality")
FORBIDDEN_CALLS = {"save", "delete", "filter", "exclude", "create", "bulk_create", "get_or_create", "update_or_create"}
VIEW_LINES = 25
ACTOR_STATEMENTS = 5


def is_edge(path: Path) -> bool:
    name = path.stem
    return (
        "views" in name
        or name in {"api", "consumers", "actors", "receivers", "dashboards", "authentication"}
        or path.parent.name == "api"
    )


EDGES = sorted(
    path.relative_to(ROOT).as_posix()
    for app in APPS
    for path in (ROOT / app).rglob("*.py")
    if "migrations" not in path.parts and is_edge(path)
)


def trespasses(source: str) -> list[str]:
    """Uses of the ORM in a module that should call a service or a selector."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and node.attr in {"objects", "_default_manager"}:
            found.append(f"line {node.lineno}: .{node.attr}")
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in FORBIDDEN_CALLS:
            found.append(f"line {node.lineno}: .{node.func.attr}()")
    return found


def functions(source: str) -> Iterator[ast.FunctionDef]:
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef):
            yield node


def body_without_docstring(function: ast.FunctionDef) -> list[ast.stmt]:
    return function.body[1:] if ast.get_docstring(function) else function.body


@pytest.mark.parametrize("path", EDGES)
def test_edges_hold_no_queries_and_no_writes(path: str) -> None:
    assert trespasses((ROOT / path).read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("path", [path for path in EDGES if "views" in path or path.endswith("dashboards.py")])
def test_views_are_short(path: str) -> None:
    for function in functions((ROOT / path).read_text(encoding="utf-8")):
        body = body_without_docstring(function)
        lines = body[-1].end_lineno - body[0].lineno + 1
        assert lines <= VIEW_LINES, f"{function.name} has {lines} lines"


@pytest.mark.parametrize("path", [path for path in EDGES if path.endswith("actors.py")])
def test_actors_are_one_call_each(path: str) -> None:
    for function in functions((ROOT / path).read_text(encoding="utf-8")):
        statements = [node for part in body_without_docstring(function) for node in ast.walk(part)]
        count = sum(isinstance(node, ast.stmt) for node in statements)
        assert count <= ACTOR_STATEMENTS, f"{function.name} has {count} statements"


def test_the_check_sees_a_query() -> None:
    assert trespasses("def view(request):\n    return Document.objects.filter(pk=1)\n") == [
        "line 2: .filter()",
        "line 2: .objects",
    ]
    assert trespasses("form.is_valid() and form.save()") == ["line 1: .save()"]


def test_every_kind_of_edge_is_looked_at() -> None:
    assert {"daner_site/accounts/views.py", "annotation/views.py", "annotation/consumers.py"} <= set(EDGES)
