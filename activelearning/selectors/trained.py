"""Reads of model versions, their quality and their answers."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet

from activelearning.models import InferenceRequest, ModelVersion
from annotation.domain.spans import LabelledSpan
from annotation.models import Project
from annotation.selectors.marked import FALLBACK_COLOR, Piece, colored
from daner_site.accounts.models import User
from daner_site.core.language import translated
from daner_site.core.sentences import Sentence


def versions(project: Project) -> QuerySet[ModelVersion]:
    """All model versions, newest first; what each run learned from is read only where it is asked for."""
    return ModelVersion.objects.filter(project=project).select_related("run").defer("run__snapshot")


def active_version(project: Project) -> ModelVersion | None:
    return ModelVersion.objects.filter(project=project, active=True).first()


def questions(project: Project) -> QuerySet[InferenceRequest]:
    return InferenceRequest.objects.filter(project=project).select_related("version", "project")


def question_of(user: User, project: Project, uuid: str) -> InferenceRequest | None:
    """The person's own question; None for anything else, also for what is no uuid."""
    try:
        return questions(project).filter(uuid=uuid, asked_by=user).first()
    except ValidationError:
        return None


def answer_pieces(question: InferenceRequest) -> list[Piece]:
    """The question's text with its entities, for `components/spans.html`."""
    spans = {LabelledSpan(item["start"], item["end"], item["label"]): item for item in question.spans}
    titles = {
        span: translated(
            Sentence("{label}, confidence {confidence:.2f}", label=span.label, confidence=item["confidence"])
        )
        for span, item in spans.items()
    }
    return colored(question.text, spans, _colors(question), titles)


def answer_entities(question: InferenceRequest) -> list[dict[str, Any]]:
    """Its entities with their words: `text`, `label`, `color`, `start`, `end`, `confidence`."""
    colors = _colors(question)
    return [
        item
        | {
            "text": question.text[item["start"] : item["end"]],
            "color": colors.get(item["label"], FALLBACK_COLOR),
        }
        for item in question.spans
    ]


def _colors(question: InferenceRequest) -> dict[str, str]:
    return dict(question.project.labels.values_list("name", "color"))
