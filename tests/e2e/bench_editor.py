"""What labelling costs on the real page: `python -m tests.e2e.bench_editor`.

Starts a site of its own and replays gold with the keyboard in Chromium, as somebody would who
knows the editor well:

- 200 documents of WNUT-17 without suggestions: keys and milliseconds a span and a document;
- as many whose suggestions are right: one key a document;
- a document of 500 kB with 5,000 spans: opening it, and a key in it until the browser has painted;
- submit → next document visible, while a model trains on the same machine, after a second on each and at once.

Times are the browser's own (performance marks, event timing), without the hand that would press the keys.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from annotation.domain.formats import ParsedDocument, parse
from tests.conftest import CHROMIUM_ARGUMENTS, chromium_path
from tests.e2e.keyboard_plan import keys_for, name_runs
from tests.e2e.site_tools import PASSWORD, LiveSite, settled, sign_in, workspace
from tests.platform.test_up import ROOT

WNUT = ROOT.parent / "shared" / "data" / "wnut17"
KEYS = {"person": "p", "location": "l", "corporation": "c", "group": "g", "product": "o", "creative-work": "w"}

SEED = """
import json, sys
import time
from datetime import timedelta
from pathlib import Path
from uuid import uuid4
from activelearning.models import TrainingRun
from annotation.models import ImportJob, Project
from annotation.services.imports import ImportOptions, import_check, import_run, import_start
from annotation.services.projects import label_add, project_create
from annotation.services.queue import queue_extend
from annotation.services.suggestions import DocumentSuggestion, suggestions_publish
from daner_site.accounts.models import Membership, Organization, User
from daner_site.core.clock import now
from tests.factories import document_make
plan = json.loads(Path({plan!r}).read_text())
user = User.objects.create_user(username="bench", password={password!r})
organization = Organization.objects.create(name="Bench", slug="bench")
Membership.objects.create(organization=organization, user=user, role="owner")
for spec in plan:
    project = project_create(organization=organization, author=user, name=spec["name"], overlap_share=0.0, overlap_start=0,
                             retrain_after=1_000_000, retrain_quiet_seconds=86_400, probe_documents=0, random_share=0.0)
    for name, key in spec["keys"].items():
        label_add(project=project, name=name, key=key)
    def hold():  # one run a project: this one never ends, so that no other changes order and suggestions
        TrainingRun.objects.create(organization=organization, project=project, status="running", owner="bench",
                                   lease_until=now() + timedelta(days=1))
    if spec.get("untrained"):
        hold()
    for file in spec["files"]:
        job = import_check(project=project, author=user, content=Path(file["path"]).read_text(encoding="utf-8"), format=file["format"])
        import_start(job=job, author=user, options=ImportOptions(with_labels=file["labelled"]))
        import_run(job_id=job.pk)
        # the site's own worker may have been faster, and be at it still
        while not ImportJob.objects.filter(pk=job.pk, status="done").exists(): time.sleep(0.1)
    for text in spec.get("texts", []):
        document_make(project, text)
    queue_extend(project=project)
    if spec.get("opened"):
        while not TrainingRun.objects.filter(project=project, kind="prepare", status="ready").exists(): time.sleep(0.1)
        hold()
    by_text = {{document.text: document.uuid for document in project.documents.only("text", "uuid")}}
    right = [DocumentSuggestion(by_text[text], spans) for text, spans in spec["suggestions"].items() if text in by_text]
    suggestions_publish(project=project, model_uuid=uuid4(), model_name="right", suggestions=right)
    print(json.dumps([spec["name"], str(project.uuid)]))
"""

# From the press of a key to the frame in which the next document stands, by the clock of the browser.
WATCH = """() => {
  window.shown = [];
  let pressed = 0;
  addEventListener("keydown", (event) => { pressed = event.timeStamp; }, true);
  const id = () => document.querySelector("#workspace input[name=assignment]")?.value;
  let last = id();
  new MutationObserver(() => {
    const now = id();
    if (now === last) return;
    last = now;
    const from = pressed;
    requestAnimationFrame(() => setTimeout(() => window.shown.push(performance.now() - from)));
  }).observe(document.body, { childList: true, subtree: true });
}"""
PAINTS = """() => {
  window.paints = [];
  addEventListener("keydown", (event) => {
    const from = event.timeStamp;
    requestAnimationFrame(() => setTimeout(() => window.paints.push(performance.now() - from)));
  }, true);
}"""


# When the frame with the document in it was painted; asked from outside it would be some round trips later.
OPENED = """new PerformanceObserver((list) => {
  if (list.getEntriesByName("daner:open").length === 0) return;
  requestAnimationFrame(() => setTimeout(() => { window.opened = performance.now(); }));
}).observe({ type: "measure", buffered: true });"""


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--documents", type=int, default=200)
    options.add_argument("--json", metavar="OUT", help="write the figures to this file")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder, site_at(Path(folder)) as site, chromium() as browser:
        gold = gold_by_text()
        projects = seed(site, Path(folder), gold)
        page = browser.new_page(viewport={"width": 1360, "height": 900})
        sign_in(page, site, "bench", PASSWORD)
        figures = {
            "without suggestions": replay(page, site, projects["plain"], gold, given.documents, suggested=False),
            "without suggestions, in the order of a cold start": replay(
                page, site, projects["opened"], gold, given.documents, suggested=False
            ),
            "with right suggestions": replay(page, site, projects["right"], gold, given.documents, suggested=True),
            "500 kB, 5,000 spans": long_document(page, site, projects["long"]),
            "while a model trains, a second on each": during_training(
                page, site, projects["train"], given.documents // 2, 1.0
            ),
            "while a model trains, without a pause": during_training(
                page, site, projects["train"], given.documents, 0.0
            ),
        }
    for title, rows in figures.items():
        print(f"\n{title}")
        for name, value in rows.items():
            print(f"  {name:44} {value:10.2f}" if isinstance(value, float) else f"  {name:44} {value:>10}")
    if given.json:
        Path(given.json).write_text(json.dumps(figures, indent=2), encoding="utf-8")


@contextmanager
def site_at(folder: Path) -> Iterator[LiveSite]:
    site = LiveSite(folder / "var")
    try:
        site.wait_healthy(limit_s=600)  # the start is not what is measured
        yield site
    finally:
        site.clean_up()


@contextmanager
def chromium() -> Iterator[Any]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()


def gold_by_text() -> dict[str, list[dict[str, Any]]]:
    rows = parse("conll", (WNUT / "test.conll").read_text(encoding="utf-8"))
    return {
        row.text: [{"start": s.start, "end": s.end, "label": s.label} for s in row.spans or ()]
        for row in rows
        if isinstance(row, ParsedDocument)
    }


def seed(site: LiveSite, folder: Path, gold: dict[str, list[dict[str, Any]]]) -> dict[str, str]:
    """Five projects; name → address."""
    text, spans = long_text()
    sure = {text: [span | {"confidence": 0.99} for span in found] for text, found in gold.items()}
    pool = {"path": str(WNUT / "test.conll"), "format": "conll", "labelled": False}
    plan = [
        {"name": "plain", "keys": KEYS, "files": [pool], "suggestions": {}, "untrained": True},
        {"name": "opened", "keys": KEYS, "files": [pool], "suggestions": {}, "opened": True},
        {"name": "right", "keys": KEYS, "files": [pool], "suggestions": sure, "untrained": True},
        {
            "name": "train",
            "keys": KEYS,
            "suggestions": {},
            "files": [pool, {"path": str(WNUT / "train.conll"), "format": "conll", "labelled": True}],
        },
        {
            "name": "long",
            "keys": {"PER": "p"},
            "untrained": True,
            "suggestions": {text: spans},
            "files": [],
            "texts": [text],  # longer than what an import takes
        },
    ]
    file = folder / "plan.json"
    file.write_text(json.dumps(plan), encoding="utf-8")
    printed = site.manage("shell", "--no-imports", "-c", SEED.format(plan=str(file), password=PASSWORD))
    named = [json.loads(line) for line in printed.splitlines() if line.startswith("[")]
    return {name: f"{site.url}/o/bench/p/{uuid}/" for name, uuid in named}


def long_text(size: int = 500_000, count: int = 5_000) -> tuple[str, list[dict[str, Any]]]:
    """Prose of about `size` characters in paragraphs, with `count` names and where they stand."""
    chance = random.Random(7)
    words = [
        "the",
        "of",
        "and",
        "to",
        "in",
        "was",
        "he",
        "that",
        "his",
        "with",
        "as",
        "had",
        "for",
        "she",
        "not",
        "which",
        "said",
    ]
    parts, spans, at, names = [], [], 0, 0
    while at < size:
        named = names < count * at / size
        word = "Ada Byron" if named else chance.choice(words)
        if named:
            spans.append({"start": at, "end": at + len(word), "label": "PER", "confidence": 0.9})
            names += 1
        end = chance.choices([" ", ". ", ".\n"], [88, 9, 3])[0]
        parts.append(word + end)
        at += len(word) + len(end)
    return "".join(parts), spans


def replay(
    page: Any, site: LiveSite, project: str, gold: dict[str, Any], count: int, *, suggested: bool
) -> dict[str, Any]:
    page.goto(project + "annotate/")
    page.evaluate(WATCH)
    keys = documents = 0
    label_time = 0.0
    start = time.perf_counter()
    while documents < count:
        shown = workspace(page)
        if shown is None:
            break
        wanted = gold[shown["text"]]
        pressed = [] if suggested else plan_for(page, shown, wanted)
        began = time.perf_counter()
        for key in pressed:
            page.keyboard.press(key)
        label_time += time.perf_counter() - began
        send(page, "Shift+Enter" if suggested else "Enter")
        keys, documents = keys + len(pressed) + 1, documents + 1
    settled(page)
    whole = time.perf_counter() - start
    stored = stored_by_text(site, project)
    wrong = [text for text, found in stored.items() if found != exact(gold[text])]
    assert not wrong, f"{len(wrong)} texts: {wrong[0]!r} has {stored[wrong[0]]}, not {exact(gold[wrong[0]])}"
    assert len(stored) == documents, f"{len(stored)} documents were stored, not {documents}"
    spans = sum(map(len, stored.values()))
    return {
        "documents": documents,
        "spans, all as in the gold": spans,
        "keys a span, label included": (keys - documents) / spans,
        "keys a document, submit included": keys / documents,
        "keys a span, submit included": keys / spans,
        "ms a span (keys alone)": 1000 * label_time / spans,
        "ms a document (all of the replay)": 1000 * whole / documents,
        **quantiles("submit to next visible", page.evaluate("window.shown")),
    }


Exact = list[tuple[int, int, str]]


def exact(spans: Sequence[dict[str, Any]]) -> Exact:
    return sorted((span["start"], span["end"], span["label"]) for span in spans)


def stored_by_text(site: LiveSite, project: str) -> dict[str, Exact]:
    """What was submitted in a project, text by text."""
    rows = site.rows(
        "select d.text, s.start, s.end, l.name from annotation_annotation a "
        "join annotation_document d on d.id=a.document_id join annotation_project p on p.id=a.project_id "
        "left join annotation_span s on s.annotation_id=a.id left join annotation_label l on l.id=s.label_id "
        "where replace(p.uuid,'-','')=?",
        project.split("/")[-2].replace("-", ""),
    )
    found: dict[str, Exact] = {}
    for text, start, end, label in rows:
        found.setdefault(text, [])
        if label is not None:
            found[text].append((start, end, label))
    return {text: sorted(spans) for text, spans in found.items()}


def plan_for(page: Any, shown: dict[str, Any], wanted: Sequence[dict[str, Any]]) -> list[str]:
    if not wanted:
        return []
    return keys_for(shown["text"], shown["tokens"], name_runs(page, shown["text"], shown["tokens"]), wanted, KEYS)


def send(page: Any, key: str) -> None:
    before = page.evaluate("window.shown.length")
    page.keyboard.press(key)
    page.wait_for_function("before => window.shown.length > before", arg=before)


def during_training(page: Any, site: LiveSite, project: str, most: int, pause: float) -> dict[str, Any]:
    """Submit document after document, each after `pause` seconds on it: a person reads, a script does not."""
    full = "select count(*) from activelearning_trainingrun where tier='full' and status"
    if not site.one(full + "='running'"):
        page.goto(project)
        page.get_by_role("button", name="Train fully").click()
        # A fast run may be under way since the gold was imported; the full one follows it.
        while not site.one(full + "='running'"):
            time.sleep(0.2)
    page.goto(project + "annotate/")
    page.evaluate(WATCH)
    count = 0
    while count < most and site.one(full + "='running'") and workspace(page) is not None:
        page.wait_for_timeout(1000 * pause)
        send(page, "Enter")
        count += 1
    return {"documents": count, **quantiles("submit to next visible", page.evaluate("window.shown"))}


def long_document(page: Any, site: LiveSite, project: str) -> dict[str, Any]:
    fresh = [opening(another, project) for another in new_visits(page, site, 4)]
    page.add_init_script(OPENED)
    opened = [opening(page, project) for _ in range(9)]
    mount = page.evaluate("performance.getEntriesByName('daner:open').at(-1).duration")
    size = page.evaluate("performance.getEntriesByType('navigation')[0].decodedBodySize")
    sent = page.evaluate("performance.getEntriesByType('navigation')[0].transferSize")
    server = page.evaluate("performance.getEntriesByType('navigation')[0].responseStart")
    spans = page.evaluate("document.querySelector('[data-suggestion-count]').textContent")
    page.evaluate(PAINTS)
    for key in ["ArrowRight"] * 40 + ["Tab", "a"] * 20 + ["Shift+ArrowRight", "p"] * 20 + ["Control+z"] * 20:
        page.keyboard.press(key)
        page.wait_for_timeout(20)
    return {
        "characters": len(workspace(page)["text"]),
        "suggestions": spans,
        "kB of HTML": size / 1000,
        "kB sent": sent / 1000,
        "ms until the first byte, last of nine": server,
        "ms to mount, last of nine": mount,
        **quantiles("from address to painted, scripts not yet fetched", fresh),
        **quantiles("from address to painted", opened),
        **quantiles("key to painted", page.evaluate("window.paints")),
    }


def new_visits(page: Any, site: LiveSite, count: int) -> Iterator[Any]:
    """Pages of browsers that have nothing of the site in their caches but what the way in needs."""
    for _ in range(count):
        visit = page.context.browser.new_context(viewport=page.viewport_size)
        another = visit.new_page()
        sign_in(another, site, "bench", PASSWORD)
        another.add_init_script(OPENED)
        yield another
        visit.close()


def opening(page: Any, project: str) -> float:
    """Milliseconds from asking for the page to the frame with its document."""
    page.goto(project + "annotate/")
    page.wait_for_selector("mark.span-suggested")
    page.wait_for_function("window.opened")
    milliseconds: float = page.evaluate("window.opened")
    return milliseconds


def quantiles(name: str, times: Sequence[float]) -> dict[str, float]:
    if len(times) < 2:
        return {f"ms {name}: too few": float(len(times))}
    cuts = statistics.quantiles(times, n=20, method="inclusive")
    return {f"ms {name}, p50": statistics.median(times), f"ms {name}, p95": cuts[18], f"ms {name}, max": max(times)}


if __name__ == "__main__":
    main()
