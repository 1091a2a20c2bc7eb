"""The schema and the page that shows it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import get_resolver, reverse
from drf_spectacular.generators import SchemaGenerator


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    return SchemaGenerator().get_schema(public=True)


def test_the_schema_is_valid_openapi_and_nothing_in_it_was_guessed(tmp_path: Path) -> None:
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(tmp_path / "schema.yml"))


def test_every_call_is_in_the_schema_with_a_summary_and_its_credentials(schema: dict[str, Any]) -> None:
    names = {key for key in dict(get_resolver().namespace_dict)["api"][1].reverse_dict if isinstance(key, str)}
    operations = [
        (path, method, operation) for path, methods in schema["paths"].items() for method, operation in methods.items()
    ]
    assert len(schema["paths"]) == len(names - {"schema", "docs"})
    for path, method, operation in operations:
        assert operation.get("summary"), f"{method} {path} says nothing about itself"
        assert operation["tags"][0] in {"projects", "documents", "learning", "quality"}
        assert {"token": []} in operation["security"], f"{method} {path} has no credentials"


@pytest.mark.django_db
def test_the_schema_is_served(client: Client) -> None:
    assert client.get("/api/schema/").status_code == 200


@pytest.mark.django_db
def test_the_documentation_page_holds_nothing_inline(client: Client) -> None:
    page = client.get(reverse("api:docs"))
    assert page.status_code == 200
    assert "style=" not in page.text
    assert "<style" not in page.text
    assert page.text.count("<script src") + page.text.count('<script type="module" src') == page.text.count("<script")


@pytest.mark.e2e
def test_the_documentation_page_works_under_the_strict_policy(asgi_server: str, page: Any) -> None:
    page.goto(f"{asgi_server}/api/docs/")
    page.wait_for_selector(".opblock", timeout=30_000)
    assert page.locator(".opblock").count() >= 2
