"""Judging blind in a real browser, by keys alone; the page of the opener fills by itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import Client
from django.urls import reverse
from playwright.sync_api import expect

from activelearning.models import BlindJudgement
from daner_site.accounts.models import User
from tests.cast import Cast, cast_make
from tests.factories import documents_make, model_version_make

pytestmark = pytest.mark.e2e


@pytest.fixture
def people(asgi_server: str, settings: Any, tmp_path: Path) -> Cast:
    settings.DANER_PREDICTOR, settings.DANER_ARTEFACTS = "tests.fakes.predict", tmp_path
    cast = cast_make()
    for name, memory in (("one", {"Ada": "PER"}), ("two", {"Ada": "PER", "Oslo": "LOC"})):
        (tmp_path / name).mkdir()
        (tmp_path / name / "memory.json").write_text(json.dumps(memory))
        model_version_make(cast.project_a, artefact=name)
    documents_make(cast.project_a, 4)
    return cast


def sign_in(page: Any, server: str, user: User) -> None:
    client = Client()
    client.force_login(user)
    value = client.cookies[django_settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies([{"name": django_settings.SESSION_COOKIE_NAME, "value": value, "url": server}])


def shown(page: Any, number: int) -> None:
    """Wait for this text, and for the script that takes the keys."""
    expect(page.get_by_text(f"Text {number} of 4")).to_be_visible()
    page.wait_for_load_state()


def test_a_comparison_is_opened_read_judged_by_keys_and_unblinded(
    people: Cast, asgi_server: str, actors: Any, page: Any
) -> None:
    sign_in(page, asgi_server, people.alice)
    compare = reverse("activelearning:compare", args=[people.org_a.slug, people.project_a.uuid])
    page.goto(asgi_server + compare)
    page.get_by_label("Texts to judge").fill("4")
    page.get_by_role("button", name="Draw and open").click()
    expect(page.get_by_text("4 of 4 texts differently")).to_be_visible(timeout=15_000)
    expect(page.locator("main")).not_to_contain_text("v2")

    sign_in(page, asgi_server, people.dora)
    page.goto(asgi_server + compare)
    page.get_by_role("link", name="Judge").click()
    for number, key in enumerate("anu", start=1):
        shown(page, number)
        page.keyboard.press(key)
    for number in (2, 3, 4):
        shown(page, number)
        expect(page.locator("mark.alone")).to_have_text("OsloLOC")
        left = page.locator("section", has=page.get_by_role("heading", name="A ")).locator("mark")
        page.keyboard.press("a" if left.count() == 2 else "b")
    expect(page.get_by_role("heading", name="No preference can be shown")).to_be_visible()
    expect(page.get_by_role("columnheader", name="v2 better")).to_be_visible()
    choices = list(BlindJudgement.objects.filter(reviewer=people.dora).order_by("pk").values_list("choice", flat=True))
    assert choices[1:] == ["second"] * 3
