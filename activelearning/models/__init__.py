"""The tables of the active learning app; import models from here."""

from __future__ import annotations

from activelearning.models.comparison import BlindComparison, BlindJudgement, BlindText
from activelearning.models.inference import InferenceRequest
from activelearning.models.runs import Tier, TrainingRun
from activelearning.models.versions import ModelVersion

__all__ = [
    "BlindComparison",
    "BlindJudgement",
    "BlindText",
    "InferenceRequest",
    "ModelVersion",
    "Tier",
    "TrainingRun",
]
