"""When a project is due for another training run."""

from __future__ import annotations

from dataclasses import dataclass

LEAST_DOCUMENTS = 2
"""Below this there is nothing to learn from; sequences of one document are remembered, not learned."""


@dataclass(frozen=True, slots=True)
class RetrainSettings:
    after: int
    """New labelled documents that make a run due at once."""
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
    """Documents labelled since the last run took its snapshot, whatever became of that run."""
    seconds_since_last: float
    """Since the newest label."""


@dataclass(frozen=True, slots=True)
class Decision:
    due: bool
    reason: str
    """A sentence for the page: why a run starts, or what the next one waits for."""
    wait_seconds: float | None = None
    """Look again after this long, if nothing else happens; None: only a new label changes the answer."""


def retraining_due(labels: Labels, settings: RetrainSettings) -> Decision:
    """Whether to train now.

    Labels are counted from the last run of any outcome, so that a run which fails or is cancelled
    does not start over by itself.
    """
    if labels.documents < LEAST_DOCUMENTS:
        return Decision(False, f"Training needs {LEAST_DOCUMENTS} labelled documents; there are {labels.documents}.")
    if not labels.entities:
        return Decision(False, "Training needs at least one labelled entity.")
    if labels.new < 1:
        return Decision(False, f"0 of {settings.after} new labelled documents.")
    if labels.new >= settings.after:
        return Decision(True, f"{_documents(labels.new)}.")
    wait = settings.quiet_seconds - labels.seconds_since_last
    if wait <= 0:
        return Decision(True, f"{_documents(labels.new)}, then a pause.")
    return Decision(
        False,
        f"{labels.new} of {settings.after} new labelled documents, or {settings.quiet_seconds:.0f} s without a new one.",
        wait_seconds=wait,
    )


def _documents(count: int) -> str:
    return f"{count} newly labelled document{'' if count == 1 else 's'}"
