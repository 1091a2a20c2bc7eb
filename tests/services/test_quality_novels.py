"""A real doccano export, imported by the product: both annotators' layers, and their agreement.

The same annotations lie beside it in another shape, `annotations.jsonl`; the figures expected
here are computed from that file by other code.
"""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import krippendorff
import numpy as np
import pytest

from annotation.models import Annotation, ImportJob, Project
from annotation.services.imports import ImportOptions, import_check, import_run, import_start
from quality.models import AdjudicationCase
from quality.services.agreement import agreement_recompute
from tests import factories

pytestmark = pytest.mark.django_db

NOVELS = Path(__file__).parents[3] / "shared" / "data" / "novels_doccano"

# The export names its labels by number: 3 to 14 are PERSON, 18 to 29 PERX, one pair per novel.
LABELS = {str(number): "PERSON" for number in range(3, 15)} | {str(number): "PERX" for number in range(18, 30)}

Spans = set[tuple[int, int, str]]


@pytest.fixture(scope="module")
def truth() -> dict[str, dict[str, Spans]]:
    """Text → annotator → spans, from the other shape of the data."""
    if not NOVELS.exists():
        pytest.skip("no novels_doccano beside the repository")
    texts = {row["id"]: row["text"] for row in rows("items.jsonl")}
    found: dict[str, dict[str, Spans]] = {}
    for row in rows("annotations.jsonl"):
        spans = {(span["start"], span["end"], span["label"]) for span in row["spans"]}
        found.setdefault(texts[row["item"]], {})[row["annotator"]] = spans
    return found


def rows(name: str) -> list[Any]:
    return [json.loads(line) for line in (NOVELS / name).read_text().splitlines()]


def imported(layer_one: str) -> Project:
    """A project with the twelve files; `layer_one` says what the annotators' final version is."""
    owner = factories.user_make()
    project = factories.project_make(factories.organization_make(owner=owner), owner, labels=("PERSON", "PERX"))
    options = ImportOptions(label_map=LABELS, layer_map={"1": layer_one})
    for path in sorted((NOVELS / "doccano_export").glob("*.jsonl")):
        job = import_check(project=project, author=owner, content=path.read_bytes(), filename=path.name)
        import_start(job=job, author=owner, options=options)
        import_run(job_id=job.pk)
        job.refresh_from_db()
        assert job.status == ImportJob.Status.DONE, job.report
    return project


def test_both_annotators_keep_their_layers_and_agree_as_computed_elsewhere(truth: dict[str, dict[str, Spans]]) -> None:
    project = imported("skip")
    report = agreement_recompute(project_id=project.pk)
    assert report is not None
    measures = report.measures
    assert stored_layers(project) == {
        (text, f"{name[1:]}"): spans for text, layers in truth.items() for name, spans in layers.items()
    }
    first = [(text, layers["u2"]) for text, layers in truth.items()]
    second = [(text, layers["u3"]) for text, layers in truth.items()]
    shared = sum(2 * len(a & b) for (_, a), (_, b) in zip(first, second, strict=True))
    total = sum(len(spans) for _, spans in first + second)
    assert measures["span_f1"]["exact"]["micro"] == pytest.approx(shared / total, abs=1e-12)
    assert measures["span_f1"]["exact"]["micro"] == pytest.approx(0.7985, abs=5e-5)
    assert measures["counts"]["documents"] == 124
    tokens = {document.text: document.tokens for document in project.documents.all()}
    for view, expected in reference_alphas(truth, tokens).items():
        assert measures["alpha"][view]["value"] == pytest.approx(expected, abs=1e-9), view
        assert measures["alpha"][view]["low"] < expected < measures["alpha"][view]["high"]
    cases = AdjudicationCase.objects.filter(project=project, status="open")
    assert sum(sum(case.kinds.values()) for case in cases) == sum(measures["conflicts"].values())
    differing = sum(layers["u2"] != layers["u3"] for layers in truth.values())
    assert cases.count() == differing


def test_their_final_version_as_gold_leaves_nothing_to_decide(truth: dict[str, dict[str, Spans]]) -> None:
    project = imported("gold")
    report = agreement_recompute(project_id=project.pk)
    assert report is not None
    assert report.measures["span_f1"]["exact"]["micro"] == pytest.approx(0.7985, abs=5e-5)
    assert project.annotations.filter(kind=Annotation.Kind.GOLD).count() == 124
    assert not AdjudicationCase.objects.filter(project=project).exists()


def stored_layers(project: Project) -> dict[tuple[str, str], Spans]:
    current = project.annotations.filter(kind=Annotation.Kind.HUMAN, current=True)
    return {
        (annotation.document.text, annotation.author.name): {
            (span.start, span.end, span.label.name) for span in annotation.spans.all()
        }
        for annotation in current.select_related("document", "author").prefetch_related("spans__label")
    }


def reference_alphas(truth: dict[str, dict[str, Spans]], tokens: dict[str, Any]) -> dict[str, float]:
    """Alpha of three views by the package on a raters × units table of tags written down here."""
    pairs: list[tuple[str, str]] = []
    for text, layers in truth.items():
        pairs += zip(*(bio(tokens[text], layers[name]) for name in ("u2", "u3")), strict=True)
    views = {"bio": lambda tag: tag, "type": lambda tag: tag[2:], "detect": lambda tag: str(tag == "O")}
    result = {}
    for name, view in views.items():
        codes: dict[str, int] = {}
        table = [[codes.setdefault(view(tag), len(codes)) for tag in column] for column in zip(*pairs, strict=True)]
        result[name] = krippendorff.alpha(reliability_data=np.array(table), level_of_measurement="nominal")
    return result


def bio(tokens: list[list[int]], spans: Spans) -> list[str]:
    """Tags of the words; where spans overlap, the one with more words has them."""
    covered = [
        ([n for n, (start, end) in enumerate(tokens) if start < span[1] and span[0] < end], span[2]) for span in spans
    ]
    tags = ["O"] * len(tokens)
    for words, label in sorted(covered, key=lambda item: (-len(item[0]), item[0])):
        if all(tags[word] == "O" for word in words):
            for word, prefix in zip(words, itertools.chain("B", itertools.repeat("I")), strict=False):
                tags[word] = f"{prefix}-{label}"
    return tags
