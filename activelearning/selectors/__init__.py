"""Reads of the active learning app; import them from here."""

from __future__ import annotations

from activelearning.selectors.forecast import CurvePanel, CurvePoint, curve, curve_panel
from activelearning.selectors.loop import (
    LoopStatus,
    checkpoint_of,
    decision,
    loop_labels,
    loop_past,
    loop_status,
    runs,
    taken_into_account,
    warm_base,
    watermark,
)
from activelearning.selectors.order import (
    order_is_current,
    order_settings,
    project_cost,
    selection_config,
)
from activelearning.selectors.trained import (
    active_version,
    answer_entities,
    answer_pieces,
    question_of,
    questions,
    versions,
)

__all__ = [
    "CurvePanel",
    "CurvePoint",
    "LoopStatus",
    "active_version",
    "answer_entities",
    "answer_pieces",
    "checkpoint_of",
    "curve",
    "curve_panel",
    "decision",
    "loop_labels",
    "loop_past",
    "loop_status",
    "order_is_current",
    "order_settings",
    "project_cost",
    "question_of",
    "questions",
    "runs",
    "selection_config",
    "taken_into_account",
    "versions",
    "warm_base",
    "watermark",
]
