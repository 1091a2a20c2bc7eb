"""From disagreement to gold on a running `manage.py up`: real crowd, real browser, real workers.

A new user brings tweets with what a crowd marked in them and finds the figures that the commands
give for the same files; the consensus and the people appear by themselves; ten conflicts are decided
without a mouse; the gold that comes out is what was decided, and the figures after review follow.

The crowd was asked about one kind of name at a time. The story is told once with the question about
people alone, and once with all three: who was not asked about places has not said that there are none.
Asked one kind at a time, some marked the same words as two kinds; the project keeps the longest.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from annotation.domain.spans import LabelledSpan, SpanOverlap, resolve_overlaps
from tests.e2e.site_tools import LiveSite, import_file, sign_up_with_project
from tests.platform.test_up import ROOT

CROWD = ROOT.parent / "shared" / "data" / "btc_crowd_ae"
OF_PART_A = 500
"""Tweets of part A beside the whole of part E: nobody in E alone has enough work to be judged."""
DECIDED = 10
WHY_NOT = {
    "no_variation": "everybody gave every word the same value",
    "not_whole": "too few people were asked about every label",
}
METHODS = {"vote": "Span vote", "bsc": "Sequence combination"}

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.slow,
    pytest.mark.skipif(not CROWD.exists(), reason="the shared corpora are not here"),
]

Span = tuple[int, int, str]


@dataclass(frozen=True)
class Files:
    items: Path
    annotations: Path
    both: Path
    """The two as one file, as the import page takes it. Without the gold: that is yet to be found."""
    gold: dict[str, list[Span]]
    """Text → what the makers of the corpus decided: the reviewer's own opinion."""


@pytest.mark.parametrize(
    ("questions", "method"),
    [
        pytest.param(("PER",), "vote", id="asked about people"),  # two people for most tweets
        pytest.param(("PER", "LOC", "ORG"), "vote", id="asked about one kind at a time"),
    ],
)
def test_a_crowd_becomes_gold(
    site: LiveSite, new_page: Any, tmp_path: Path, questions: tuple[str, ...], method: str
) -> None:
    files = written(tmp_path, questions)
    agreement, consensus = by_command(site, files, tmp_path)
    page = new_page()
    project = sign_up_with_project(site, page, f"Tweet Works {len(questions)}", "Who is it", list(questions))
    import_file(page, project, files.both, labelled=True, split="pool", longest=len(questions) > 1)

    # Both pages are opened at once and fill by themselves.
    second = page.context.new_page()
    second.goto(project + "quality/consensus/")
    page.goto(project + "quality/")
    for open_page in (page, second):
        open_page.evaluate("window.neverReloaded = true")
    # A slow import may be measured half way, too: what counts is what stands in the end.
    documents = agreement["counts"]["documents"]
    page.wait_for_selector(f"#agreement > p >> text=/^{documents:,} documents labelled by/", timeout=300_000)
    second.wait_for_selector(f"#consensus .stat-value:text-is('{documents:,}')", timeout=300_000)
    assert page.evaluate("window.neverReloaded")
    assert second.evaluate("window.neverReloaded")

    agreement_is(page, agreement)
    assert consensus["method"] == method
    consensus_is(second, project, consensus)
    people_are(second, project, consensus)
    decided = decide_by_keyboard(page, project, files.gold)
    gold = exported(page, project, "export/gold.jsonl")
    assert {row["text"]: spans_of(row["gold"]) for row in gold} == decided
    figures_after_review(page, project, files, decided)


def written(folder: Path, questions: tuple[str, ...]) -> Files:
    """These questions, of all of part E and some of part A."""
    items = rows(CROWD / "items.jsonl")
    kept = [item for item in items if item["split"] == "e"]
    kept += [item for item in items if item["split"] == "a"][:OF_PART_A]
    of_item: dict[str, list[dict[str, Any]]] = {item["id"]: [] for item in kept}
    for row in rows(CROWD / "annotations.jsonl"):
        if row["item"] in of_item and row["asked"] in questions:
            of_item[row["item"]].append(row)
    files = Files(
        items=folder / "items.jsonl",
        annotations=folder / "annotations.jsonl",
        both=folder / "crowd.jsonl",
        gold={
            item["text"]: [span for span in spans_of(item["gold"]) if span[2] in questions]
            for item in kept
            if item["gold"] is not None
        },
    )
    # A document of the project has no split "a" or "e", and the gold stays out of sight.
    bare = [{key: item[key] for key in ("id", "text", "tokens")} for item in kept]
    write(files.both, [item | {"annotations": of_item[item["id"]]} for item in bare])
    write(files.items, bare)
    write(files.annotations, [row for found in of_item.values() for row in longest_kept(found)])
    return files


def longest_kept(layers: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What the import keeps of one text: nobody's spans share words, over all questions."""
    kept = {
        name: set(
            resolve_overlaps(
                {LabelledSpan(*span) for row in layers if row["annotator"] == name for span in spans_of(row["spans"])},
                SpanOverlap.NONE,
            )
        )
        for name in {row["annotator"] for row in layers}
    }
    return [
        row | {"spans": [span for span in row["spans"] if LabelledSpan(**span) in kept[row["annotator"]]]}
        for row in layers
    ]


def by_command(site: LiveSite, files: Files, folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    found = []
    for command in ("agreement", "consensus"):
        out = folder / f"{command}.json"
        site.manage(command, str(files.items), str(files.annotations), "--json", str(out))
        found.append(json.loads(out.read_text()))
    return found[0], found[1]


def agreement_is(page: Any, expected: dict[str, Any]) -> None:
    """The page shows the command's figures. Of intervals, which draw many documents in bundles, about the same."""
    counts = expected["counts"]
    said = " ".join(page.inner_text("#agreement > p").split())
    assert said.startswith(
        f"{counts['documents']:,} documents labelled by at least two of {counts['annotators']} people: "
        f"{counts['tokens']:,} words, {counts['spans']:,} spans"
    )
    for name, figure in expected["span_f1"].items():
        if name != "per_label":
            shown = numbers(row(page, "Span agreement", name))
            assert shown[0] == f"{figure['micro']:.3f}", name
            near(shown[1:3], figure, 0.03)
            assert shown[3:] == [f"{figure['mean']:.3f}", f"{figure['sd']:.3f}", str(figure["pairs"]), str(figure["n"])]
    for name, figure in expected["alpha"].items():
        if name == "per_label":
            continue
        line = row(page, "Word agreement", name)
        if figure["value"] is None:
            assert WHY_NOT[figure["reason"]] in line
        else:
            shown = numbers(line)
            assert (shown[0], shown[-1]) == (f"{figure['value']:.3f}", str(figure["n"]))
            near(shown[1:-1], figure, 0.03)
    for label, figure in expected["alpha"]["per_label"].items():
        shown = numbers(row(page, "By label", label))
        exact = expected["span_f1"]["per_label"][label]["exact"]
        assert shown[0] == f"{exact['micro']:.3f}", label
        assert shown[-1] == str(exact["n"]), label
        assert f"{figure['value']:.3f}" in shown, label
    missing = row(page, "What people disagree about", "Marked by some only")
    assert numbers(missing)[0] == str(expected["conflicts"]["missing"])


def consensus_is(page: Any, project: str, expected: dict[str, Any]) -> None:
    assert METHODS[expected["method"]] in page.inner_text("#consensus .stats")
    found = {item["id"]: spans_of(item["spans"]) for item in exported(page, project, "quality/consensus/file/")}
    assert found == {item: spans_of(spans) for item, spans in expected["spans"].items()}


def people_are(page: Any, project: str, expected: dict[str, Any]) -> None:
    """Everybody by name; a figure with its interval where there is enough, and what is missing elsewhere."""
    page.goto(project + "quality/people/")
    people = {person["annotator"]: person for person in expected["reliability"]}
    assert page.locator("#people tbody tr > th").all_inner_texts() == sorted(people)
    enough = [person for person in people.values() if person["enough"]]
    assert enough
    for person in enough:
        shown = re.findall(r"\d\.\d\d", page.inner_text(f"#people tr:has(th a:text-is('{person['annotator']}'))"))
        assert shown[0] == f"{person['f1']:.2f}"
        near(shown[1:3], person, 0.02)
    assert page.locator("#people >> text=not enough data yet").count() == len(people) - len(enough)


def decide_by_keyboard(page: Any, project: str, gold: dict[str, list[Span]]) -> dict[str, list[Span]]:
    """Text → spans. From the list of conflicts on, nothing but keys; every page comes by itself."""
    page.goto(project + "conflicts/")
    page.wait_for_selector(".conflict-list >> text=marked by some only")
    page.get_by_role("link", name="Review", exact=True).last.focus()
    page.keyboard.press("Enter")
    decided: dict[str, list[Span]] = {}
    for number in range(DECIDED):
        page.wait_for_selector("[data-tools]:not([hidden])")
        here = page.url
        case = json.loads(page.locator("#review-data").text_content())
        decided[case["text"]] = decide(page, case, gold.get(case["text"]))
        page.wait_for_selector("[data-status] >> text=All decided")
        page.keyboard.press("Shift+Enter")
        page.wait_for_url(lambda url, here=here: url != here and "/review/" in url, timeout=60_000)
        page.wait_for_selector("text=Decided. The document has its gold now.")
        assert len(decided) == number + 1
    return decided


def decide(page: Any, case: dict[str, Any], gold: list[Span] | None) -> list[Span]:
    """Take the proposal that the gold has, or nothing where it has nothing; without either the first."""
    result: list[Span] = []
    for group in case["groups"]:
        options = [spans_of(option["spans"]) for option in group["options"]]
        if not group["open"]:
            result += options[0]
            continue
        right = [span for span in gold or () if span[0] < group["end"] and span[1] > group["start"]]
        if gold is not None and not right:
            page.keyboard.press("x")
            continue
        number = options.index(right) if right in options else 0
        page.keyboard.press(str(number + 1))
        result += options[number]
    return sorted(result)


def figures_after_review(page: Any, project: str, files: Files, decided: dict[str, list[Span]]) -> None:
    """What the page says of the consensus and of one person is what counting says."""
    page.goto(project + "quality/after/")
    assert page.inner_text(".stat >> nth=0").split("\n")[1] == str(DECIDED)
    work: dict[str, dict[str, list[Span]]] = {"Consensus": {}}
    asked: dict[tuple[str, str], set[str]] = {}
    for item in rows(files.both):
        for layer in longest_kept(item["annotations"]) if item["text"] in decided else ():
            work.setdefault(layer["annotator"], {}).setdefault(item["text"], []).extend(spans_of(layer["spans"]))
            asked.setdefault((layer["annotator"], item["text"]), set()).add(layer["asked"])
    for item in exported(page, project, "quality/consensus/file/"):
        if item["text"] in decided:
            work["Consensus"][item["text"]] = spans_of(item["spans"])
    assert page.locator("section:has(h2:text-is('Against gold')) tbody th").all_inner_texts() == [
        "Consensus",
        *sorted(work.keys() - {"Consensus"}),
    ]
    for name, marked in work.items():
        # Nobody is held against what they were not asked about.
        gold = {text: [s for s in decided[text] if s[2] in asked.get((name, text), {s[2]})] for text in marked}
        right = sum(len(set(spans) & set(gold[text])) for text, spans in marked.items())
        both = sum(len(spans) + len(gold[text]) for text, spans in marked.items())
        cells = page.locator(
            f"section:has(h2:text-is('Against gold')) tr:has(th:text-is('{name}')) td"
        ).all_inner_texts()
        assert cells[0] == str(len(marked)), name
        assert cells[3] == (f"{2 * right / both:.3f}" if both else "n/a"), name


def row(page: Any, title: str, name: str) -> str:
    """The text of a row, found by the heading of its table and its own."""
    rows = page.locator(f"#agreement section:has(h2:has-text('{title}')) tbody tr")
    return str(rows.filter(has=page.locator("th", has_text=re.compile(rf"^{name}", re.IGNORECASE))).first.inner_text())


def numbers(line: str) -> list[str]:
    """All numbers of a row without the commas of thousands."""
    return re.findall(r"-?\d+(?:\.\d+)?", line.replace(",", ""))


def near(shown: list[str], figure: dict[str, Any], within: float) -> None:
    expected = [] if figure["low"] is None else [figure["low"], figure["high"]]  # a few documents give none
    assert [float(value) for value in shown] == pytest.approx(expected, abs=within)


def exported(page: Any, project: str, address: str) -> list[dict[str, Any]]:
    answer = page.request.get(project + address)
    assert answer.ok
    return [json.loads(line) for line in answer.body().decode().splitlines()]


def spans_of(spans: list[dict[str, Any]] | None) -> list[Span]:
    return sorted((span["start"], span["end"], span["label"]) for span in spans or ())


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def write(path: Path, lines: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
