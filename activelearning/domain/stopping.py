"""Whether more labels are worth their time: advice for people, never a switch.

Three signs, and the advice is to stop only when all stand: models in a row agree on unlabelled text
(Bloodgood and Vijay-Shanker 2009), the test cannot tell the newest from one of long before,
and the forecast promises little for an hour's work.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

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
            return "More labels are unlikely to make this model better. You may stop here; nothing stops by itself."
        count = sum(sign.stands for sign in self.signs)
        return f"Go on: {count} of {len(self.signs)} signs to stop."


def advise(rounds: Sequence[Round], hour_gain: float | None) -> Advice:
    """Advice from the versions in order of their documents and the F1 that the next hour is expected to bring."""
    return Advice((_agreement(rounds), _intervals(rounds), _worth(hour_gain)))


def _agreement(rounds: Sequence[Round]) -> Sign:
    recent = _recent(rounds)[1:]
    agreements = [one.agreement for one in recent if one.agreement is not None]
    if not recent:
        return Sign(False, f"There are no versions yet that span a growth of {STEP**STEPS:.2f} times the documents.")
    if not agreements:
        return Sign(False, "Whether models in a row agree on unlabelled texts has not been measured.")
    least = min(agreements)
    verb = "agree" if least >= AGREEMENT else "do not agree yet"
    return Sign(
        least >= AGREEMENT,
        f"Models in a row {verb} on unlabelled texts: at least {100 * least:.0f} % of the entities, {100 * AGREEMENT:.0f} % are asked.",
    )


def _intervals(rounds: Sequence[Round]) -> Sign:
    recent = _recent(rounds)
    measured = [one.interval for one in recent if one.interval is not None]
    if len(measured) < 2:
        return Sign(False, "There are no test intervals far enough apart to compare.")
    low, high = max(measured[0][0], measured[-1][0]), min(measured[0][1], measured[-1][1])
    stands = low <= high
    verb = "cannot tell" if stands else "can tell"
    return Sign(stands, f"The test texts {verb} the newest version from that of {recent[0].documents} documents.")


def _worth(hour_gain: float | None) -> Sign:
    if hour_gain is None:
        return Sign(False, "There is no forecast of what the next hour brings.")
    stands = hour_gain < HOUR_GAIN
    worth = f"less than {HOUR_GAIN}" if stands else f"about {hour_gain:.3f}"
    return Sign(stands, f"The next hour is expected to bring {worth} F1.")


def _recent(rounds: Sequence[Round]) -> list[Round]:
    """The versions of the last growth steps, the one before them first; none while the project is younger."""
    if not rounds:
        return []
    start = rounds[-1].documents / STEP**STEPS
    first = max((k for k, one in enumerate(rounds) if one.documents <= start), default=None)
    return [] if first is None else list(rounds[first:])
