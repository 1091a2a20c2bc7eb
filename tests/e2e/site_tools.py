"""What end-to-end tests share: a site on a folder of its own, its people, its database."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.platform.test_up import ROOT, Site, free_port

PASSWORD = "correct horse battery 7"


class LiveSite(Site):
    """A running `manage.py up` with a look into its database, which is never written to."""

    def __init__(self, var: Path, *words: str) -> None:
        self.var = var
        super().__init__(var, free_port(), *words)

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        with sqlite3.connect(f"file:{self.var / 'db.sqlite3'}?mode=ro", uri=True, timeout=20) as database:
            return database.execute(sql, values).fetchall()

    def one(self, sql: str, *values: Any) -> Any:
        found = self.rows(sql, *values)
        return found[0][0] if found else None

    def manage(self, *words: str) -> str:
        """Run a management command on the site's data."""
        env = {name: value for name, value in os.environ.items() if not name.startswith("DANER_")}
        for name in ("REDIS_URL", "DATABASE_URL", "BROKER_URL", "SECRET_KEY", "DJANGO_SETTINGS_MODULE"):
            env.pop(name, None)
        done = subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=ROOT,
            env={**env, "DANER_VAR": str(self.var)},
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def logins(self) -> dict[str, str]:
        lines = (self.var / "demo-logins.txt").read_text().splitlines()
        return {line.split()[0]: line.split()[1] for line in lines}


def sign_in(page: Any, site: LiveSite, username: str, password: str) -> None:
    page.goto(f"{site.url}/login/")
    page.fill("[name=username]", username)
    page.fill("[name=password]", password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda url: "/login/" not in url)


def sign_up_with_project(site: LiveSite, page: Any, organization: str, name: str, labels: Sequence[str]) -> str:
    """Sign up as mona, name an organisation, make a project; returns the project's address."""
    page.goto(f"{site.url}/signup/")
    page.fill("[name=username]", "mona")
    page.fill("[name=password]", PASSWORD)
    page.get_by_role("button", name="Continue").click()
    page.fill("[name=name]", organization)
    page.locator("main button.btn-primary").click()
    page.get_by_role("link", name="Create a project").click()
    page.fill("[name=name]", name)
    page.fill("[name=labels]", ", ".join(labels))
    page.get_by_role("button", name="Create and add texts").click()
    page.wait_for_url("**/import/")
    return str(page.url).removesuffix("import/")


def import_file(page: Any, project: str, path: Path, *, labelled: bool, split: str, longest: bool = False) -> None:
    """`longest`: of spans that share words, keep the longest."""
    page.goto(project + "import/")
    page.set_input_files("[name=file]", path)
    page.locator("summary", has_text="Options").click()
    page.check(f"[name=split][value={split}]")
    page.get_by_role("button", name="Continue").click()
    page.wait_for_selector("text=New documents")
    page.set_checked("[name=with_labels]", labelled)
    if longest:
        page.check("[name=longest]")
    page.get_by_role("button", name=re.compile(r"^Import [\d,]+ document")).click()
    page.wait_for_selector("#import-progress .stat-label >> text=Imported", timeout=120_000)


def workspace(page: Any) -> dict[str, Any] | None:
    """What the annotation page shows, as data; None when nothing is left."""
    text = page.evaluate(
        """() => {
          const holder = document.querySelector("template[data-workspace]");
          return holder && holder.content.querySelector("#workspace-data").textContent;
        }"""
    )
    return None if text is None else unpacked(json.loads(text))


def unpacked(document: dict[str, Any]) -> dict[str, Any]:
    """With tokens as pairs again."""
    numbers, at, tokens = [int(number) for number in document["tokens"].split()], 0, []
    for gap, length in zip(numbers[::2], numbers[1::2], strict=True):
        tokens.append([at + gap, at + gap + length])
        at += gap + length
    return document | {"tokens": tokens}


def mark(page: Any, start: int, end: int, key: str) -> None:
    """Drag over the words of [start, end) with the mouse, then press the label's key."""
    first = page.locator(f'.editor-text [data-token][data-start="{start}"]').first.bounding_box()
    last = page.locator(f'.editor-text [data-token][data-end="{end}"]').last.bounding_box()
    page.mouse.move(first["x"] + 2, first["y"] + first["height"] / 2)
    page.mouse.down()
    page.mouse.move(last["x"] + last["width"] - 2, last["y"] + last["height"] / 2, steps=3)
    page.mouse.up()
    page.keyboard.press(key)


def submit(page: Any) -> None:
    """Submit the document on screen and wait until the next one (or the end) is there."""
    before = page.locator("#workspace input[name=assignment]").input_value()
    page.locator("#workspace .btn-submit").click()
    page.wait_for_function(
        """(before) => {
          const input = document.querySelector("#workspace input[name=assignment]");
          return !input || input.value !== before;
        }""",
        arg=before,
    )
    settled(page)


@contextmanager
def fetched_ahead(page: Any) -> Iterator[None]:
    """Wait until the page has taken up the answer to asking for the next document; having arrived is not enough."""
    page.evaluate("performance.clearMarks('daner:ahead')")
    yield
    page.wait_for_function("() => performance.getEntriesByName('daner:ahead').length > 0")


def settled(page: Any) -> None:
    """Wait until the server has what was sent while the next document was on screen already."""
    page.wait_for_selector("body:not([data-sending])")
