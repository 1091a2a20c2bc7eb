"""The architecture, as far as imports and foreign keys show it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.apps import apps

ROOT = Path(__file__).resolve().parents[2]
LAYERS = {"accounts": 1, "annotation": 2, "activelearning": 3, "quality": 3}


def lint(root: Path) -> subprocess.CompletedProcess[str]:
    """Run import-linter over the tree in `root`."""
    code = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    return subprocess.run(
        [sys.executable, "-P", "-c", code, "--no-cache"], cwd=root, capture_output=True, text=True, check=False
    )


def copy_of_the_code(target: Path) -> Path:
    ignore = shutil.ignore_patterns("__pycache__")
    for name in ("daner_site", "annotation", "activelearning", "quality"):
        shutil.copytree(ROOT / name, target / name, ignore=ignore)
    shutil.copy(ROOT / "pyproject.toml", target)
    return target


def test_imports_respect_the_architecture() -> None:
    done = lint(ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("annotation/models/base.py", "import activelearning.services"),
        ("quality/selectors.py", "import activelearning.selectors"),
        ("daner_site/core/clock.py", "import daner_site.accounts.models"),
        ("annotation/domain/spans.py", "import django"),
        ("annotation/services/gold.py", "import annotation.actors"),
        ("activelearning/services/__init__.py", "import torch"),
        ("activelearning/engine/types.py", "import django"),
        ("annotation/helpers.py", ""),
        ("annotation/views.py", "import daner_site.settings"),
    ],
)
def test_a_violation_is_noticed(tmp_path: Path, module: str, line: str) -> None:
    root = copy_of_the_code(tmp_path)
    path = root / module
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        file.write(f"\n{line}\n")
    done = lint(root)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "1 broken" in done.stdout or "2 broken" in done.stdout, done.stdout + done.stderr


def test_foreign_keys_point_down() -> None:
    """String references are invisible to import-linter."""
    for model in apps.get_models():
        if model._meta.app_label not in LAYERS:
            continue
        for field in model._meta.get_fields():
            if not (field.concrete and field.is_relation and field.related_model):
                continue
            target = field.related_model._meta.app_label
            if target in LAYERS and target != model._meta.app_label:
                assert LAYERS[target] < LAYERS[model._meta.app_label], f"{model.__name__}.{field.name} points up"
