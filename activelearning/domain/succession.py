"""Whether a new version takes the place of the one in use: not where it is measured clearly worse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from activelearning.domain.comparison import compare
from activelearning.domain.metrics import DocumentCounts
from daner_site.core.sentences import Sentence

FORMER, OWN = "former", "own"


def against(
    former: Sequence[DocumentCounts], own: Sequence[DocumentCounts], labels: Sequence[str]
) -> dict[str, Any] | None:
    """A new version against the former one on the same documents, in the same order, and on `labels`.

    `{documents, labels, former, own, difference, low, high, p, better}`: both F1, the second minus the first with its
    95 % interval, and which of the two is better, "" while neither can be shown to be. None without entities of
    these labels.
    """
    found = compare(former, own, labels)
    difference = found.overall
    if not difference.first.gold:
        return None
    return {
        "documents": found.documents,
        "labels": list(labels),
        FORMER: difference.first.f1,
        OWN: difference.second.f1,
        "difference": difference.f1,
        "low": difference.low,
        "high": difference.high,
        "p": difference.p,
        "better": {"first": FORMER, "second": OWN}.get(difference.better, ""),
    }


def withheld(metrics: Mapping[str, Any]) -> bool:
    """Whether a version of these metrics leaves the former one in use. A mere tendency withholds nothing."""
    found = metrics.get("against")
    return found is not None and found["better"] == FORMER


def verdict(name: str, found: Mapping[str, Any]) -> str:
    """Why the version `name` was withheld; `found`: what `against` says, with the former version's `name`."""
    return Sentence(
        "{name} was measured worse than {former}: F1 {own:.3f} against {other:.3f}, a difference of "
        "{difference:+.3f} [{low:+.3f}, {high:+.3f}], on {texts}. So it was not put into use; it is kept for "
        "comparison and download.",
        name=name,
        former=found["name"],
        own=found[OWN],
        other=found[FORMER],
        difference=found["difference"],
        low=found["low"],
        high=found["high"],
        texts=Sentence.counted("{count} test text", "{count} test texts", found["documents"]),
    )
