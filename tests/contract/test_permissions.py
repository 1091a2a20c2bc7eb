"""The permission table: complete, and the same in the documentation."""

from __future__ import annotations

from pathlib import Path

from annotation.domain.permissions import ROLE_PERMISSIONS, Permission, ProjectRole
from tests.contract.permission_table import MEANING, table

DOCUMENT = Path(__file__).parents[2] / "docs" / "permissions.md"


def test_the_documented_table_is_the_one_in_the_code() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == table(), (
        "run: python -m tests.contract.permission_table > docs/permissions.md"
    )


def test_every_role_and_every_permission_is_in_the_table() -> None:
    assert set(ROLE_PERMISSIONS) == set(ProjectRole)
    assert set(MEANING) == set(Permission)


def test_every_permission_is_somebodys_and_a_manager_has_all() -> None:
    assert ROLE_PERMISSIONS[ProjectRole.MANAGER] == frozenset(Permission)


def test_an_annotator_cannot_see_what_others_labelled() -> None:
    blind = {Permission.VIEW_LAYERS, Permission.REVIEW, Permission.EXPORT, Permission.INFER}
    assert not blind & ROLE_PERMISSIONS[ProjectRole.ANNOTATOR]
