"""The import in a real browser, with the real worker code and socket: the page follows by itself."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from tests.cast import cast_make
from tests.factories import PASSWORD
from tests.services.import_helpers import jsonl

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


def picture(page: Any, name: str) -> None:
    """Kept where DANER_TEST_PICTURES says, for people to look at."""
    if folder := os.environ.get("DANER_TEST_PICTURES"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


@pytest.fixture
def signed_in(asgi_server: str, actors: Any, page: Any, in_thread: Any) -> tuple[Any, str]:
    cast = in_thread(cast_make)
    page.goto(f"{asgi_server}/login/")
    page.fill("[name=username]", cast.alice.username)
    page.fill("[name=password]", PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda url: "/login/" not in url)
    return page, f"{asgi_server}/o/{cast.org_a.slug}/p/{cast.project_a.uuid}"


def test_a_newcomer_pastes_and_labels_after_two_clicks(signed_in):
    page, project = signed_in
    page.goto(f"{project}/import/")
    page.get_by_label("Paste your texts").fill("\n".join(f"Ada met Grace in Oslo on day {n}." for n in range(1200)))
    picture(page, "import")
    page.get_by_role("button", name="Continue").click()
    picture(page, "preview")
    page.get_by_role("button", name="Import 1,200 documents").click()
    picture(page, "progress")
    page.get_by_role("link", name="Start labelling").click(timeout=30_000)
    page.locator("#workspace").wait_for()
    assert "/annotate/" in page.url


def test_a_file_with_labels_is_previewed_mapped_imported_and_shown(signed_in):
    page, project = signed_in
    layers = [
        {"annotator": "Zoë", "spans": [[0, 3, "PERSON"], [17, 21, "LOC"]]},
        {"annotator": "2", "spans": [[0, 3, "PERSON"]]},
    ]
    content = jsonl(
        {"text": "Ada met Grace in Oslo.", "annotations": layers, "gold": [[0, 3, "PERSON"], [8, 13, "PERSON"]]},
        {"text": "too short", "spans": [[3, 99, "PERSON"]]},
    )
    page.goto(f"{project}/import/")
    page.set_input_files(
        "[name=file]", {"name": "x.jsonl", "mimeType": "application/x-ndjson", "buffer": content.encode()}
    )
    page.get_by_role("button", name="Continue").click()
    assert page.get_by_text("row 2: span 1 (start 3, end 99) ends after the text (9 characters)").is_visible()
    assert page.locator("mark.span").first.evaluate("e => getComputedStyle(e).getPropertyValue('--label')")
    picture(page, "preview-labels")
    page.get_by_label("PERSON").fill("PER")
    page.get_by_label("Skip 1 unreadable row").check()
    page.get_by_role("button", name="Import 1 document").click()
    page.get_by_role("main").get_by_role("link", name="Documents").wait_for(timeout=30_000)
    assert page.get_by_role("link", name="Start labelling").count() == 0, "nothing in it is left to label"
    picture(page, "done")
    page.get_by_role("main").get_by_role("link", name="Documents").click()
    picture(page, "documents")
    page.get_by_role("link", name="Ada met Grace in Oslo.").click()
    assert page.locator("h2", has_text="Zoë").is_visible()
    assert page.locator("mark.span").count() == 5
    picture(page, "document")
    page.goto(f"{project}/export/")
    picture(page, "export")
    with page.expect_download() as download:
        page.get_by_role("link", name="CoNLL").last.click()
    assert "annotator:Zoë" in Path(download.value.path()).read_text(encoding="utf-8")
