"""What each page costs a browser: `python -m tests.e2e.bench_pages`.

Starts a site of its own with the showcase and prints, for every page: milliseconds to the first and to the largest paint
(the median of some cold loads, by the browser's own clock, from this machine), kilobytes of script and of style as they
came over the wire, and how many requests there were.

`--screens FOLDER` keeps pictures of all pages instead, in every theme, wide and narrow, to be looked at.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tests.e2e.bench_editor import chromium, site_at
from tests.e2e.site_tools import PASSWORD, LiveSite, sign_in

SEED = f"""
import json
from daner_site.accounts.models import User
from tests.e2e.pages import visits
from tests.e2e.showcase import showcase_make
made = showcase_make()
for user in User.objects.all():
    user.set_password({PASSWORD!r})
    user.save()
print(json.dumps([[visit.title, visit.path, visit.person] for visit in visits(made)]))
"""
PAINTS = """() => new Promise((done) => {
  const first = performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? NaN;
  new PerformanceObserver((list) => done([first, list.getEntries().at(-1).startTime]))
    .observe({ type: "largest-contentful-paint", buffered: true });
  setTimeout(() => done([first, first]), 2000);
})"""
WIDE, PHONE = 1280, 390
TALLEST = 3000
SHOW = """([theme, contrast]) => Object.assign(document.documentElement.dataset, { theme, contrast })"""
THEMES = {"light": ("light", "standard"), "dark": ("dark", "standard"), "contrast": ("light", "more")}


class Weights:
    """Bytes over the wire by kind of resource, from the browser's own protocol."""

    def __init__(self, page: Any) -> None:
        self.kinds: dict[str, str] = {}
        self.bytes: dict[str, float] = {}
        self.requests = 0
        client = page.context.new_cdp_session(page)
        client.send("Network.enable")
        client.send("Network.setCacheDisabled", {"cacheDisabled": True})
        client.on("Network.responseReceived", self._received)
        client.on("Network.loadingFinished", self._finished)

    def clear(self) -> None:
        self.bytes.clear()
        self.requests = 0

    def _received(self, event: Mapping[str, Any]) -> None:
        self.kinds[event["requestId"]] = event["type"]
        self.requests += 1

    def _finished(self, event: Mapping[str, Any]) -> None:
        kind = self.kinds.get(event["requestId"], "Other")
        self.bytes[kind] = self.bytes.get(kind, 0) + event["encodedDataLength"]

    def kilobytes(self, kind: str) -> float:
        return self.bytes.get(kind, 0) / 1000


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--only", default="", help="pages whose name matches this expression")
    options.add_argument("--loads", type=int, default=3)
    options.add_argument("--screens", metavar="FOLDER", type=Path)
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder, site_at(Path(folder)) as site, chromium() as browser:
        wanted = [visit for visit in seed(site) if re.search(given.only, visit[0])]
        if given.screens:
            given.screens.mkdir(parents=True, exist_ok=True)
            for name in pictures(browser, site, wanted, given.screens):
                print(name)
            return
        print(f"{'page':44} {'first ms':>9} {'largest ms':>11} {'script kB':>10} {'style kB':>9} {'requests':>9}")
        for title, row in measured(browser, site, wanted, given.loads):
            print(f"{title:44} {row[0]:9.0f} {row[1]:11.0f} {row[2]:10.1f} {row[3]:9.1f} {row[4]:9}")


def seed(site: LiveSite) -> list[tuple[str, str, str | None]]:
    lines = site.manage("shell", "--command", SEED).splitlines()
    return [tuple(item) for item in json.loads(lines[-1])]


def page_for(browser: Any, site: LiveSite, person: str | None, pages: dict[str | None, Any]) -> Any:
    if person not in pages:
        context = browser.new_context(viewport={"width": WIDE, "height": 900}, reduced_motion="reduce")
        pages[person] = context.new_page()
        if person is not None:
            sign_in(pages[person], site, person, PASSWORD)
    return pages[person]


def measured(
    browser: Any, site: LiveSite, wanted: list[tuple[str, str, str | None]], loads: int
) -> Iterator[tuple[str, tuple[float, float, float, float, int]]]:
    pages: dict[str | None, Any] = {}
    weights: dict[str | None, Weights] = {}
    for title, path, person in wanted:
        page = page_for(browser, site, person, pages)
        weight = weights.setdefault(person, Weights(page))
        paints = []
        for _ in range(loads):
            weight.clear()
            page.goto(site.url + path)
            page.wait_for_load_state("networkidle")
            paints.append(page.evaluate(PAINTS))
        first, largest = (statistics.median(times) for times in zip(*paints, strict=True))
        yield title, (first, largest, weight.kilobytes("Script"), weight.kilobytes("Stylesheet"), weight.requests)


def pictures(browser: Any, site: LiveSite, wanted: list[tuple[str, str, str | None]], folder: Path) -> Iterator[str]:
    pages: dict[str | None, Any] = {}
    for title, path, person in wanted:
        page = page_for(browser, site, person, pages)
        page.set_viewport_size({"width": WIDE, "height": 900})
        page.goto(site.url + path)
        page.wait_for_load_state("networkidle")
        for width in (WIDE, PHONE):
            page.set_viewport_size({"width": width, "height": 900})
            height = min(page.evaluate("document.documentElement.scrollHeight"), TALLEST)
            page.set_viewport_size({"width": width, "height": max(height, 900)})
            for theme, values in THEMES.items():
                page.evaluate(SHOW, list(values))
                name = f"{re.sub(r'[^a-z0-9]+', '-', title.lower())}-{width}-{theme}.png"
                page.screenshot(path=folder / name)
                yield name


if __name__ == "__main__":
    main()
