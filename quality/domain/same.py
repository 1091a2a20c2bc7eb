"""One decision for the same words everywhere: which places are alike, and what it says there."""

from __future__ import annotations

from collections.abc import Sequence

from annotation.domain.spans import LabelledSpan
from daner_site.core.sentences import Sentence
from quality.domain.adjudication import EDITED, NOTHING, Decision, DecisionError
from quality.domain.conflicts import ConflictGroup


def traits(group: ConflictGroup, text: str) -> tuple[str, frozenset[str]]:
    """What two places share that are decided alike: the words, and the labels people wrote there."""
    labels = {span.label for option in group.options for span in option.spans}
    return text[group.start : group.end], frozenset(labels)


def transferred(
    source: ConflictGroup, spans: Sequence[LabelledSpan], target: ConflictGroup, *, reason: str = "", applied: str = ""
) -> Decision:
    """The decision `spans` about `source`, said about `target`, which has the same words.

    Raises DecisionError when a span leaves the place: elsewhere there are other words around it.
    """
    if any(span.start < source.start or span.end > source.end for span in spans):
        raise DecisionError(
            Sentence("The decision reaches beyond the place, so it cannot be applied to the same words elsewhere.")
        )
    by = target.start - source.start
    moved = tuple(sorted(LabelledSpan(span.start + by, span.end + by, span.label) for span in spans))
    if not moved:
        return Decision(target.id, NOTHING, reason=reason, applied=applied)
    numbers = (str(number) for number, option in enumerate(target.options, 1) if option.spans == moved)
    choice = next(numbers, EDITED)
    return Decision(target.id, choice, moved if choice == EDITED else (), reason=reason, applied=applied)
