"""kill -9 of worker, store and web in the middle of everything: nothing accepted is lost."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.conftest import wait_until
from tests.e2e.site_tools import LiveSite, sign_in, submit, workspace
from tests.platform.test_up import gone

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[LiveSite]:
    site = LiveSite(tmp_path / "var")
    try:
        site.wait_healthy()
        site.manage("seed_demo", "--quiet")
        yield site
    finally:
        site.clean_up()


def kill(site: LiveSite, name: str) -> None:
    """kill -9 a direct child of the supervisor and wait until it is replaced."""
    victim = site.children()[name]
    family = [victim, *victim.children(recursive=True)]
    victim.kill()
    for each in family:
        with suppress(psutil.NoSuchProcess):
            each.resume()  # one that is held cannot see that it was left alone
    wait_until(lambda: site.children().get(name, victim).pid != victim.pid, 60, f"{name} stays away")
    wait_until(lambda: gone(family), 30, f"something of {name} lives on")


def run(site: LiveSite, column: str) -> Any:
    return site.one(f"select {column} from activelearning_trainingrun order by id limit 1")


def submitted(site: LiveSite) -> int:
    return int(site.one("select count(*) from annotation_annotation where kind = 'human' and current"))


def engines(site: LiveSite) -> list[psutil.Process]:
    return [each for each in site.family() if "activelearning.engine.child" in " ".join(each.cmdline())]


def test_nothing_accepted_is_lost_when_processes_are_killed(site: LiveSite, page: Any) -> None:
    # The demo's labels start a training. Its engine is held in the middle: the page may take longer than it would.
    wait_until(lambda: run(site, "stage") == "fit", 120, "no training started")
    (engine,) = engines(site)
    engine.suspend()
    before = submitted(site)
    sign_in(page, site, "ana", site.logins()["ana"])
    page.locator("a", has_text="Harbour news").first.click()
    page.wait_for_url("**/p/*/")
    project = page.url
    watcher = page.context.new_page()
    watcher.goto(project)
    watcher.evaluate("window.neverReloaded = true")
    page.goto(project + "annotate/")
    accepted = 0
    for _ in range(3):
        submit(page)
        accepted += 1

    # The worker, in the middle of the training. Its engine goes with it; the run is taken up again.
    assert run(site, "stage") == "fit"
    kill(site, "train")
    submit(page)
    accepted += 1

    # The store: broker, channel layer and cache at once.
    kill(site, "store")
    submit(page)
    accepted += 1

    # The web process, while a document is open: the page says so and goes on afterwards.
    shown = workspace(page)
    kill(site, "web")
    site.wait_healthy()
    page.console_errors.clear()
    assert workspace(page) == shown
    submit(page)
    accepted += 1
    assert submitted(site) == before + accepted

    # The run ends by itself, once, and the page that was open all the time shows it.
    wait_until(lambda: run(site, "status") not in ("queued", "running"), 300, "the run does not end")
    assert run(site, "status") == "ready", run(site, "error")
    assert run(site, "attempt") >= 2
    assert site.one("select count(*) from activelearning_modelversion where number = 1") == 1
    watcher.wait_for_selector("#run-panel >> text=/v\\d+ in use|running/", timeout=60_000)
    watcher.wait_for_selector("#curve-panel circle", timeout=60_000)
    assert watcher.evaluate("window.neverReloaded") is True
    wait_until(lambda: site.one("pragma integrity_check") == "ok", 5)
    page.console_errors.clear()
