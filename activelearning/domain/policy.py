"""When a project is due for another training run, of which tier, and whether it goes on from the last."""

from __future__ import annotations

from dataclasses import dataclass

from daner_site.core.sentences import Sentence

FAST, FULL = "fast", "full"

LEAST_DOCUMENTS = 2
"""Below this there is nothing to learn from; sequences of one document are remembered, not learned."""
ROUND_WORDS = 300
"""New labelled words that make a fast round due, however few documents they are."""
GROWTH = 1.5
"""A fast model starts afresh, and a full one is due, when the labelled words have grown by this factor."""
FULL_DOCUMENTS, FULL_WORDS = 100, 2000
"""Either is enough for a first full model; below, the fast one is as good and comes in seconds."""
GAIN_A_MINUTE = 0.01
"""F1 that a minute of training has to be worth before it takes the machine from people at work."""


@dataclass(frozen=True, slots=True)
class RetrainSettings:
    after: int
    """New labelled documents that make a fast round due at once."""
    quiet_seconds: float
    """With fewer, a run is due when nothing was submitted for this long."""


@dataclass(frozen=True, slots=True)
class Labels:
    """What there is to learn from."""

    documents: int
    """Labelled documents in the training set."""
    entities: bool
    """Whether any of them has an entity."""
    new: int
    """Documents labelled since the last run took its snapshot, whatever became of that run; one whose version was
    withheld does not count."""
    seconds_since_last: float
    """Since the newest label."""
    words: int = 0
    """Words of the labelled documents; 0: not counted."""
    new_words: int = 0
    """Words of the new ones."""
    relabelled: bool = False
    """Whether, since that run, the label set changed or past labels were corrected."""


@dataclass(frozen=True, slots=True)
class Past:
    """What was trained before, and what it cost."""

    cold_words: int = 0
    """Words that the last fast model from scratch learned from; 0: there is none to go on from."""
    full_words: int = 0
    """Words there were at the last full run, whatever became of it; 0: there was none."""
    fast_seconds: float | None = None
    """How long the last fast run took, start to end."""
    full_seconds: float | None = None
    seconds_since_run: float | None = None
    """Since the last run of either tier ended."""
    full_gain: float | None = None
    """F1 by which the fast tier's curve has risen since the last full run; None: not known."""
    withheld: str = ""
    """Name of the last run's version, if it was measured worse than the one in use and not put into its place."""


NOTHING_YET = Past()


@dataclass(frozen=True, slots=True)
class Decision:
    due: bool
    reason: str
    """For the page: why a run starts, or what the next one waits for."""
    wait_seconds: float | None = None
    """Look again after this long, if nothing else happens; None: only a new label changes the answer."""
    tier: str = FAST
    """Of the run that is due, or waited for."""
    warm: bool = False
    """Whether that run goes on from the last fast model."""


def retraining_due(labels: Labels, settings: RetrainSettings, past: Past = NOTHING_YET) -> Decision:
    """Whether to train now, and how.

    Labels are counted from the last run of any outcome, so that a run which fails or is cancelled
    does not start over by itself.
    """
    refusal = _too_little(labels)
    if refusal:
        return Decision(False, refusal)
    pause = settings.quiet_seconds - labels.seconds_since_last
    if _full_wanted(labels, past) and (pause <= 0 or _pays(past)):
        moment = Sentence("in a pause") if pause <= 0 else Sentence("worth its time now")
        reason = Sentence("Full training at {words:,} labelled words, {moment}.", words=labels.words, moment=moment)
        return Decision(True, reason, tier=FULL)
    fast = _fast(labels, settings, past, pause)
    if fast.due:
        return fast
    wait = fast.wait_seconds
    if wait is None and _full_wanted(labels, past):
        wait = pause
    ahead = _full_outlook(labels, past)
    waiting = Sentence("{fast} {full}", fast=fast.reason, full=ahead) if ahead else fast.reason
    return Decision(False, waiting, wait, warm=fast.warm)


def by_hand(labels: Labels, *, tier: str) -> Decision:
    """The run a person asks for: from scratch, at any time, unless there is nothing to learn from."""
    refusal = _too_little(labels)
    return Decision(not refusal, refusal or Sentence("Started by hand."), tier=tier)


def _too_little(labels: Labels) -> str:
    if labels.documents < LEAST_DOCUMENTS:
        return Sentence(
            "Training needs {least} labelled documents; {documents} so far.",
            least=LEAST_DOCUMENTS,
            documents=labels.documents,
        )
    return "" if labels.entities else Sentence("Training needs at least one labelled entity.")


def _fast(labels: Labels, settings: RetrainSettings, past: Past, pause: float) -> Decision:
    """The next fast round; `pause`: seconds until the quiet time is over."""
    if labels.relabelled:
        return Decision(True, Sentence("The label set or past labels changed."))
    warm = past.cold_words > 0 and labels.words < GROWTH * past.cold_words
    if labels.new < 1:
        return Decision(False, Sentence("0 of {after} new labelled documents.", after=settings.after), warm=warm)
    if past.withheld:
        reason = Sentence("{name} was measured worse than the version in use, so that one goes on.", name=past.withheld)
        return Decision(True, reason, warm=warm)
    enough = labels.new >= settings.after or labels.new_words >= ROUND_WORDS
    if pause <= 0 or (enough and _rest(past) <= 0):
        new = _documents(labels.new)
        reason = Sentence("{new}.", new=new) if enough else Sentence("{new}, then a pause.", new=new)
        return Decision(True, reason, warm=warm)
    if enough:
        wait = min(_rest(past), pause)
        reason = Sentence(
            "{documents}; the next round starts within {wait:.0f} s.", documents=_documents(labels.new), wait=wait
        )
        return Decision(False, reason, wait, warm=warm)
    words = Sentence(" ({new} of {all} words)", new=labels.new_words, all=ROUND_WORDS) if labels.new_words else ""
    reason = Sentence(
        "{new} of {after} new labelled documents{words}, or {quiet:.0f} s without a new one.",
        new=labels.new,
        after=settings.after,
        words=words,
        quiet=settings.quiet_seconds,
    )
    return Decision(False, reason, pause, warm=warm)


def _rest(past: Past) -> float:
    """Seconds until the next fast round may start: it leaves the machine free for as long as the last one took."""
    if past.fast_seconds is None or past.seconds_since_run is None:
        return 0.0
    return past.fast_seconds - past.seconds_since_run


def _full_wanted(labels: Labels, past: Past) -> bool:
    enough = labels.documents >= FULL_DOCUMENTS or labels.words >= FULL_WORDS
    return enough and labels.words > 0 and labels.words >= GROWTH * past.full_words


def _pays(past: Past) -> bool:
    """Whether a full model is expected to gain enough to make people wait for their rounds.

    What the fast tier gained since the last full model is what a new full one is expected to gain
    over it; the same data moves both.
    """
    if past.full_gain is None or past.full_seconds is None:
        return False
    return past.full_gain >= GAIN_A_MINUTE * past.full_seconds / 60


def _full_outlook(labels: Labels, past: Past) -> str:
    """What the next full run waits for; "" where words are not counted."""
    if not labels.words:
        return ""
    if _full_wanted(labels, past):
        return Sentence("Full training in the next pause.")
    if past.full_words:
        return Sentence(
            "Full training at {least:,.0f} labelled words; {words:,} so far.",
            least=GROWTH * past.full_words,
            words=labels.words,
        )
    return Sentence(
        "Full training from {documents} documents or {least:,} words on; {words:,} so far.",
        documents=FULL_DOCUMENTS,
        least=FULL_WORDS,
        words=labels.words,
    )


def _documents(count: int) -> str:
    return Sentence.counted("{count} newly labelled document", "{count} newly labelled documents", count)
