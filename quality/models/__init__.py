"""The tables of the quality app; import models from here."""

from __future__ import annotations

from quality.models.agreement import (
    AgreementCheck,
    AgreementReport,
    Confusion,
    DocumentAgreement,
    LabelAgreement,
    PairAgreement,
)
from quality.models.applications import DecisionApplication
from quality.models.cases import AdjudicationCase, Review
from quality.models.consensus import ConsensusDocument, ConsensusRun
from quality.models.leases import ReviewLease
from quality.models.reliability import AnnotatorReliability
from quality.models.rulings import Ruling
from quality.models.totals import ConfusionTotal, DocumentTotal, LabelTotal, PairTotal

__all__ = [
    "AdjudicationCase",
    "AgreementCheck",
    "AgreementReport",
    "AnnotatorReliability",
    "Confusion",
    "ConfusionTotal",
    "ConsensusDocument",
    "ConsensusRun",
    "DecisionApplication",
    "DocumentAgreement",
    "DocumentTotal",
    "LabelAgreement",
    "LabelTotal",
    "PairAgreement",
    "PairTotal",
    "Review",
    "ReviewLease",
    "Ruling",
]
