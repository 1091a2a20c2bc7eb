"""The tables of the active learning app; import models from here."""

from __future__ import annotations

from activelearning.models.inference import InferenceRequest
from activelearning.models.runs import TrainingRun
from activelearning.models.versions import ModelVersion, Score

__all__ = ["InferenceRequest", "ModelVersion", "Score", "TrainingRun"]
