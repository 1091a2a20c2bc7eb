"""A running site, and pages of different people on it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.site_tools import LiveSite


@pytest.fixture
def site(tmp_path: Path) -> Iterator[LiveSite]:
    site = LiveSite(tmp_path / "var")
    try:
        site.wait_healthy()
        yield site
    finally:
        site.clean_up()


@pytest.fixture
def new_page(browser: Any) -> Iterator[Any]:
    """Pages in contexts of their own, as of different people; console errors fail the test."""
    errors: list[str] = []
    contexts = []

    def make() -> Any:
        context = browser.new_context(viewport={"width": 1360, "height": 900})
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda line: errors.append(line.text) if line.type == "error" else None)
        page.on("pageerror", lambda error: errors.append(str(error)))
        return page

    yield make
    for context in contexts:
        context.close()
    assert not errors, errors
