"""Whether more labels are worth their time: advice for people, never a switch.

Three signs, and the advice is to stop only when all stand: models in a row agree on unlabelled text
(Bloodgood and Vijay-Shanker 2009), the test cannot tell the newest from one of long before,
and the forecast promises little for an hour's work.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from daner_site.core.sentences import Sentence

AGREEMENT = 0.95
STEP, STEPS = 1.25, 2
"""Agreement has to last while the documents grow by this factor, so often. Together they are more than the
growth after which a model is trained from scratch, so one that shares no weights has agreed too."""
HOUR_GAIN = 0.005
"""F1; an hour that is expected to bring less is called not worth it."""


@dataclass(frozen=True, slots=True)
class Round:
    """A version as the advice sees it."""

    documents: int
    interval: tuple[float, float] | None = None
    """Of F1 on the test texts, 95 %."""
    agreement: float | None = None
    """F1 between its predictions and those of the version before it, on the same unlabelled texts."""


@dataclass(frozen=True, slots=True)
class Sign:
    stands: bool
    sentence: str


@dataclass(frozen=True, slots=True)
class Advice:
    signs: tuple[Sign, ...]

    @property
    def stop(self) -> bool:
        return all(sign.stands for sign in self.signs)

    @property
    def sentence(self) -> str:
        if self.stop:
            return Sentence(
                "More labels are unlikely to make this model better. You may stop here; nothing stops by itself."
            )
        count = sum(sign.stands for sign in self.signs)
        return Sentence("Go on: {count} of {signs} signs to stop.", count=count, signs=len(self.signs))


def advise(rounds: Sequence[Round], hour_gain: float | None) -> Advice:
    """Advice from the versions in order of their documents and the F1 that the next hour is expected to bring."""
    return Advice((_agreement(rounds), _intervals(rounds), _worth(hour_gain)))


def _agreement(rounds: Sequence[Round]) -> Sign:
    recent = _recent(rounds)[1:]
    agreements = [one.agreement for one in recent if one.agreement is not None]
    if not recent:
        return Sign(
            False,
            Sentence(
                "There are no versions yet that span a growth of {growth:.2f} times the documents.", growth=STEP**STEPS
            ),
        )
    if not agreements:
        return Sign(False, Sentence("Whether models in a row agree on unlabelled texts has not been measured."))
    least = min(agreements)
    agreed = Sentence(
        "Models in a row agree on unlabelled texts: at least {least:.0f} % of the entities, {asked:.0f} % are asked.",
        least=100 * least,
        asked=100 * AGREEMENT,
    )
    apart = Sentence(
        "Models in a row do not agree yet on unlabelled texts: at least {least:.0f} % of the entities, "
        "{asked:.0f} % are asked.",
        least=100 * least,
        asked=100 * AGREEMENT,
    )
    return Sign(least >= AGREEMENT, agreed if least >= AGREEMENT else apart)


def _intervals(rounds: Sequence[Round]) -> Sign:
    recent = _recent(rounds)
    measured = [one.interval for one in recent if one.interval is not None]
    if len(measured) < 2:
        return Sign(False, Sentence("There are no test intervals far enough apart to compare."))
    low, high = max(measured[0][0], measured[-1][0]), min(measured[0][1], measured[-1][1])
    stands = low <= high
    documents = recent[0].documents
    same = Sentence(
        "The test texts cannot tell the newest version from that of {documents} documents.", documents=documents
    )
    other = Sentence(
        "The test texts can tell the newest version from that of {documents} documents.", documents=documents
    )
    return Sign(stands, same if stands else other)


def _worth(hour_gain: float | None) -> Sign:
    if hour_gain is None:
        return Sign(False, Sentence("There is no forecast of what the next hour brings."))
    stands = hour_gain < HOUR_GAIN
    little = Sentence("The next hour is expected to bring less than {gain} F1.", gain=HOUR_GAIN)
    more = Sentence("The next hour is expected to bring about {gain:.3f} F1.", gain=hour_gain)
    return Sign(stands, little if stands else more)


def _recent(rounds: Sequence[Round]) -> list[Round]:
    """The versions of the last growth steps, the one before them first; none while the project is younger."""
    if not rounds:
        return []
    start = rounds[-1].documents / STEP**STEPS
    first = max((k for k, one in enumerate(rounds) if one.documents <= start), default=None)
    return [] if first is None else list(rounds[first:])
