"""Two versions on the test texts both were measured on, and the quality of one in full."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

from activelearning.domain.comparison import Comparison, Difference, compare
from activelearning.domain.metrics import Counts, Quality
from activelearning.engine import job as files
from activelearning.models import ModelVersion
from annotation.models import Annotation, Document, Project
from annotation.selectors.marked import FALLBACK_COLOR
from daner_site.core.sentences import Sentence


@dataclass(frozen=True)
class LabelDifference:
    name: str
    color: str
    difference: Difference


@dataclass(frozen=True)
class VersionComparison:
    """What the page shows; without a `result` the `sentence` says why there is none."""

    first: ModelVersion
    second: ModelVersion
    sentence: str
    result: Comparison | None = None
    labels: Sequence[LabelDifference] = ()
    ambiguous: Comparison | None = None
    """On the texts that are left out because a reviewer called a place in their gold ambiguous."""


def version_comparison(first: ModelVersion, second: ModelVersion) -> VersionComparison:
    """Compare on the test texts whose gold was the same for both and is not ambiguous, and on the labels both
    know."""
    counts = []
    for version in (first, second):
        found = _counts(version)
        if found is None:
            why = Sentence(
                "{name} was not measured text by text, so it cannot be compared. Train again to have one.",
                name=version.name,
            )
            return VersionComparison(first, second, why)
        counts.append(found)
    gold = first.run.snapshot.get("test", {}), second.run.snapshot.get("test", {})
    shared = [name for name in counts[0] if name in counts[1] and gold[0].get(name) == gold[1].get(name)]
    labels = [name for name in first.labels if name in second.labels]
    if not shared or not labels:
        return VersionComparison(first, second, Sentence("The two were measured on different texts or labels."))
    unclear = _ambiguous(first) | _ambiguous(second)
    strict, apart = ([name for name in shared if (name in unclear) is out] for out in (False, True))
    ambiguous = compare([counts[0][name] for name in apart], [counts[1][name] for name in apart], labels)
    if not strict:
        why = Sentence("Reviewers called the gold of every text that both were measured on ambiguous.")
        return VersionComparison(first, second, why, ambiguous=ambiguous)
    result = compare([counts[0][name] for name in strict], [counts[1][name] for name in strict], labels)
    colors = label_colors(first.project)
    rows = [LabelDifference(name, colors.get(name, FALLBACK_COLOR), part) for name, part in result.labels.items()]
    sentence = _sentence(first, second, result)
    return VersionComparison(first, second, sentence, result, rows, ambiguous if apart else None)


@dataclass(frozen=True)
class StrictQuality:
    """A version on its test texts without those whose gold is ambiguous, and on those alone."""

    documents: int
    f1: float
    ambiguous: int
    f1_ambiguous: float


def strict_quality(version: ModelVersion) -> StrictQuality | None:
    """None where no gold it was measured on is ambiguous, or it was not measured text by text."""
    unclear, counts = _ambiguous(version), _counts(version)
    if counts is None or not unclear & counts.keys():
        return None
    apart = [of for name, of in counts.items() if name in unclear]
    strict = [of for name, of in counts.items() if name not in unclear]
    return StrictQuality(len(strict), _f1(strict), len(apart), _f1(apart))


def _f1(documents: Sequence[Mapping[str, Counts]]) -> float:
    parts = [counts for of in documents for counts in of.values()]
    return Quality(*map(sum, zip(*parts, strict=True))).f1 if parts else 0.0


def _ambiguous(version: ModelVersion) -> set[str]:
    """The test texts whose gold, as it was when the version was measured, a reviewer called ambiguous."""
    gold = version.project.annotations.filter(kind=Annotation.Kind.GOLD, provenance__has_key="ambiguous")
    unclear = {str(uuid) for uuid in gold.exclude(provenance__ambiguous=[]).values_list("uuid", flat=True)}
    used = version.run.snapshot.get("test", {})
    return {name for name, annotations in used.items() if not unclear.isdisjoint(annotations)}


def _sentence(first: ModelVersion, second: ModelVersion, result: Comparison) -> str:
    texts = Sentence.counted("{count} test text", "{count} test texts", result.documents)
    found = result.overall
    if not found.differing:
        return Sentence("Both did equally well on every one of {texts}.", texts=texts)
    if not found.better:
        return Sentence("No difference can be shown with {texts}.", texts=texts)
    sign = 1 if found.better == "second" else -1
    low, high = sorted((sign * found.low, sign * found.high))
    better = second if found.better == "second" else first
    return Sentence(
        "{name} is better: {gain:+.3f} F1 [{low:.3f}, {high:.3f}] on {texts}.",
        name=better.name,
        gain=sign * found.f1,
        low=low,
        high=high,
        texts=texts,
    )


def _counts(version: ModelVersion) -> dict[str, dict[str, Counts]] | None:
    """Document id → label → counts; None for a version that kept none, or whose files are gone."""
    # A version whose model was removed keeps its counts where that was.
    folder = version.artefact or f"{version.project.uuid}/{version.run.uuid}/{files.MODEL}"
    try:
        found = files.read_json(Path(settings.DANER_ARTEFACTS) / folder / files.COUNTS)
    except (OSError, ValueError):
        return None
    return {document: {name: Counts(*counts) for name, counts in labels.items()} for document, labels in found.items()}


def label_colors(project: Project) -> dict[str, str]:
    return dict(project.labels.values_list("name", "color"))


@dataclass(frozen=True)
class MeasuredOn:
    """What a version was measured on."""

    imported: int
    """Texts of the test split."""
    probes: int
    """Texts that chance picked from the pool."""


def measured_on(version: ModelVersion) -> MeasuredOn:
    """How the texts a version was measured on came to be test texts, as far as they still exist."""
    used = version.run.snapshot.get("test", {})
    probes = Document.objects.filter(project=version.project, probe=True).values_list("uuid", flat=True)
    picked = sum(str(uuid) in used for uuid in probes)
    return MeasuredOn(version.test_documents - picked, picked)


def newest_full_version(project: Project) -> ModelVersion | None:
    """The one to take away: a fast version is there to order the queue."""
    return ModelVersion.objects.filter(project=project, tier="full").order_by("-number").first()


def quality_rows(version: ModelVersion) -> list[dict[str, Any]]:
    """A row per label and one for all: name, colour, the counts, each share and its interval, if there is one."""
    colors = label_colors(version.project)
    rows = [
        {"name": name, "color": colors.get(name, FALLBACK_COLOR)} | values
        for name, values in version.metrics["labels"].items()
    ]
    whole = {"name": "", "interval": version.metrics.get("interval")} | version.metrics["overall"]
    return [*rows, whole]
