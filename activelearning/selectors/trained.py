"""Reads of model versions, their quality and their answers."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet

from activelearning.models import InferenceRequest, ModelVersion
from annotation.models import Project
from daner_site.accounts.models import User
from daner_site.core.language import translated
from daner_site.core.sentences import Sentence

UNKNOWN_COLOR = "#7F7F7F"


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


def answer_pieces(question: InferenceRequest) -> list[dict[str, Any]]:
    """The question's text cut at its entities, for `components/spans.html`; entities also have
    `start`, `end` and `confidence`.
    """
    colors = dict(question.project.labels.values_list("name", "color"))
    found: list[dict[str, Any]] = []
    position = 0
    for span in question.spans:
        found.append({"text": question.text[position : span["start"]]})
        found.append(
            span
            | {
                "text": question.text[span["start"] : span["end"]],
                "color": colors.get(span["label"], UNKNOWN_COLOR),
                "title": translated(
                    Sentence("{label}, confidence {confidence:.2f}", label=span["label"], confidence=span["confidence"])
                ),
            }
        )
        position = span["end"]
    found.append({"text": question.text[position:]})
    return [piece for piece in found if piece["text"]]
