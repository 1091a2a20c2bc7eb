"""Models, training and questions over the API."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from rest_framework import status
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from activelearning import selectors
from activelearning.models import InferenceRequest
from activelearning.selectors.comparison import version_comparison
from activelearning.services.downloads import ArtefactMissing, artefact_zip
from activelearning.services.inference import QuestionRefused, inference_ask, inference_wait
from activelearning.services.runs import RunRefused, training_run_open
from annotation.access import ProjectContext
from annotation.domain.permissions import Permission
from annotation.import_views import download
from daner_site.api.gate import HeavyThrottle, InferThrottle, project_api
from daner_site.api.paging import PAGE_PARAMETER, allow_only, page_schema, paged
from daner_site.api.serializers import (
    AnswerSerializer,
    ModelVersionSerializer,
    QuestionSerializer,
    TrainingRunSerializer,
    VersionComparisonSerializer,
)

WAIT_S = 5.0


class NotNow(APIException):
    status_code = status.HTTP_409_CONFLICT
    default_code = "conflict"


@project_api(
    Permission.VIEW, responses=page_schema("ModelVersion", ModelVersionSerializer), parameters=[PAGE_PARAMETER]
)
def models(request: Request, ctx: ProjectContext) -> Response:
    """The model versions, newest first, with their quality on the test texts."""
    allow_only(request)
    return paged(request, selectors.versions(ctx.project), ModelVersionSerializer)


@project_api(Permission.VIEW, responses=ModelVersionSerializer)
def model(request: Request, ctx: ProjectContext, model: UUID) -> Response:
    """One model version with its quality on the test texts, overall and per label, with 95 % intervals."""
    return Response(ModelVersionSerializer(get_object_or_404(selectors.versions(ctx.project), uuid=model)).data)


@project_api(Permission.VIEW, responses=VersionComparisonSerializer)
def model_comparison(request: Request, ctx: ProjectContext, model: UUID, other: UUID) -> Response:
    """How much better `other` is than `model` on the test texts of both. 409 where they cannot be compared."""
    versions = selectors.versions(ctx.project)
    first, second = get_object_or_404(versions, uuid=model), get_object_or_404(versions, uuid=other)
    found = version_comparison(first, second)
    if found.result is None:
        raise NotNow(found.sentence)
    return Response(VersionComparisonSerializer(found).data)


@project_api(Permission.EXPORT, throttles=[HeavyThrottle], responses={(200, "application/zip"): OpenApiTypes.BINARY})
def model_file(request: Request, ctx: ProjectContext, model: UUID) -> HttpResponseBase:
    """A model version as a zip, with a README on how to load it. 409 when its files are not kept any more."""
    version = get_object_or_404(selectors.versions(ctx.project), uuid=model)
    try:
        return download(request._request, artefact_zip(ctx=ctx, version=version))
    except ArtefactMissing as error:
        raise NotNow(str(error)) from error


@project_api(
    Permission.TRAIN,
    methods=["POST"],
    throttles=[HeavyThrottle],
    request=None,
    responses={202: TrainingRunSerializer},
)
def runs(request: Request, ctx: ProjectContext) -> Response:
    """Train now. While a run is waiting already, that one is the answer; 409 while there is nothing to learn from."""
    try:
        run = training_run_open(project=ctx.project, opened_by=ctx.user)
    except RunRefused as error:
        raise NotNow(str(error)) from error
    answer = TrainingRunSerializer(run, context={"request": request, "ctx": ctx})
    return Response(answer.data, status.HTTP_202_ACCEPTED)


@project_api(Permission.VIEW, responses=TrainingRunSerializer)
def run(request: Request, ctx: ProjectContext, run: UUID) -> Response:
    """How far a training is."""
    item = get_object_or_404(selectors.runs(ctx.project), uuid=run)
    return Response(TrainingRunSerializer(item, context={"request": request, "ctx": ctx}).data)


@project_api(
    Permission.INFER,
    methods=["POST"],
    throttles=[InferThrottle],
    request=QuestionSerializer,
    responses={200: AnswerSerializer, 202: AnswerSerializer},
)
def infer(request: Request, ctx: ProjectContext) -> Response:
    """The entities a model finds in a text. 202 when that takes longer than some seconds: look at `url` again."""
    posted = QuestionSerializer(data=request.data)
    posted.is_valid(raise_exception=True)
    wanted = posted.validated_data.get("model")
    versions = selectors.versions(ctx.project)
    version = get_object_or_404(versions, uuid=wanted) if wanted else selectors.active_version(ctx.project)
    if version is None:
        raise NotNow("There is no model yet.")
    try:
        question = inference_ask(
            project=ctx.project, version=version, asked_by=ctx.user, text=posted.validated_data["text"]
        )
    except QuestionRefused as error:
        raise ValidationError({"text": [str(error)]}) from error
    return _answer(request, ctx, inference_wait(question=question, seconds=WAIT_S))


@project_api(Permission.INFER, responses={200: AnswerSerializer, 202: AnswerSerializer})
def inference(request: Request, ctx: ProjectContext, question: UUID) -> Response:
    """The answer to a question of one's own, within a day."""
    item = get_object_or_404(selectors.questions(ctx.project), uuid=question, asked_by=ctx.user)
    return _answer(request, ctx, item)


def _answer(request: Request, ctx: ProjectContext, question: InferenceRequest) -> Response:
    waiting = question.status == InferenceRequest.Status.QUEUED
    answer = AnswerSerializer(question, context={"request": request, "ctx": ctx})
    return Response(answer.data, status.HTTP_202_ACCEPTED if waiting else status.HTTP_200_OK)
