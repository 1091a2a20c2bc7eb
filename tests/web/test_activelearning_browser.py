"""The learning loop as people see it: a run that moves by itself, a version that appears, an answer."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import expect

from annotation.models import Project
from annotation.services.queue import queue_extend
from tests.cast import Cast, cast_make
from tests.factories import annotation_make, document_make
from tests.fakes import fake_engine

pytestmark = pytest.mark.e2e


@pytest.fixture
def people(asgi_server: str, settings: Any, tmp_path: Any) -> Cast:
    settings.DANER_ENGINE_COMMAND = fake_engine("--steps", "15", "--pause", "0.1")
    settings.DANER_PREDICTOR = "tests.fakes.predict"
    settings.DANER_ARTEFACTS = tmp_path
    cast = cast_make()
    Project.objects.filter(pk=cast.project_a.pk).update(retrain_after=20)
    for number in range(12):
        document = document_make(cast.project_a, f"Ada met Grace in Oslo, part {number}.")
        if number < 4:
            annotation_make(document, cast.bob, [(0, 3, "PER"), (17, 21, "LOC")])
    test = document_make(cast.project_a, "Ada went to Oslo.", split="test")
    annotation_make(test, cast.alice, [(0, 3, "PER"), (12, 16, "LOC")], kind="gold")
    queue_extend(project=cast.project_a)
    return cast


def open_page(page: Any, server: str, cast: Cast, name: str) -> None:
    client = Client()
    client.force_login(cast.alice)
    cookie = client.cookies["sessionid"]
    page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": server}])
    page.goto(f"{server}/o/{cast.org_a.slug}/p/{cast.project_a.uuid}/{name}/")


def test_a_training_is_watched_and_its_version_asked_without_a_reload(
    people: Cast, asgi_server: str, actors: Any, page: Any
) -> None:
    open_page(page, asgi_server, people, "models")
    expect(page.get_by_text("4 of 20 new labelled documents")).to_be_visible()
    page.evaluate("window.untouched = true")
    page.get_by_role("button", name="Train now").click()
    expect(page.get_by_text("of 15 steps")).to_be_visible(timeout=15_000)
    expect(page.get_by_role("link", name="v1")).to_be_visible(timeout=30_000)
    expect(page.get_by_role("img", name="F1 on the test texts")).to_be_visible()
    assert page.evaluate("window.untouched")

    page.get_by_role("link", name="v1").click()
    expect(page.get_by_role("heading", name="Model v1")).to_be_visible()
    page.get_by_role("link", name="Try it").click()
    page.get_by_label("Text").fill("Dear Ada, how is Oslo?")
    page.get_by_role("button", name="Find entities").click()
    expect(page.locator("mark.span")).to_have_count(2, timeout=15_000)
    expect(page.locator("mark.span").first).to_have_text("AdaPER")


def test_a_run_is_stopped_from_the_page(people: Cast, asgi_server: str, actors: Any, page: Any, settings: Any) -> None:
    settings.DANER_ENGINE_COMMAND = fake_engine("--steps", "500", "--pause", "0.1")
    open_page(page, asgi_server, people, "models")
    page.get_by_role("button", name="Train now").click()
    page.get_by_role("button", name="Stop this run").click(timeout=15_000)
    expect(page.get_by_text("The last run was stopped.")).to_be_visible(timeout=15_000)
