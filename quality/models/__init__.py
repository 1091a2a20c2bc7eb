"""The tables of the quality app; import models from here."""

from __future__ import annotations

from quality.models.agreement import AgreementReport
from quality.models.cases import AdjudicationCase

__all__ = ["AdjudicationCase", "AgreementReport"]
