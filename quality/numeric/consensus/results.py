"""What a consensus is, whichever method found it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ConsensusSpan:
    """A span the judgements together speak for."""

    start: int
    end: int
    label: str
    confidence: float
    """Between 0 and 1. Good for putting spans in order; a probability only after calibration."""
    supporters: tuple[str, ...]
    """Who marked exactly this, up to parts of words. Empty with `bsc` for what everybody overlooked
    here and somebody marked in the same words elsewhere."""
    against: tuple[str, ...]
    """Who was asked about the label and did not mark exactly this."""


@dataclass(frozen=True, slots=True)
class LabelReliability:
    """F1 of one person on one label; None where neither they nor the others marked any."""

    f1: float | None
    n: int
    """Spans of the label in the consensus of the others."""
    right: int = 0
    """Of the spans they gave the label, those the consensus of the others has."""
    made: int = 0
    """How many spans they gave the label."""


@dataclass(frozen=True, slots=True)
class Reliability:
    """How well one person's spans meet the consensus of everybody else (exact bounds and label)."""

    annotator: str
    documents: int
    """Documents that somebody else judged, too."""
    reference_spans: int
    """Spans of the others' consensus in them."""
    precision: float | None
    recall: float | None
    f1: float | None
    """None where neither side marked anything."""
    low: float | None
    high: float | None
    """95 % interval of the F1, had other documents been drawn."""
    enough: bool
    """False: too little evidence to show the figure to anybody, let alone to compare people."""
    per_label: Mapping[str, LabelReliability]


@dataclass(frozen=True, slots=True)
class Consensus:
    """What all documents together say, and how far it can be trusted where."""

    method: str
    spans: Mapping[str, tuple[ConsensusSpan, ...]]
    """Document id → its spans in reading order, without overlap."""
    uncertainty: Mapping[str, float]
    """Document id → expected number of wrong tokens."""
    reliability: tuple[Reliability, ...]
    """By name, everybody who judged anything."""
