"""Texts in and out over the API."""

from __future__ import annotations

from uuid import UUID

from django.core.exceptions import ObjectDoesNotExist
from django.core.paginator import Paginator
from django.http import Http404, HttpResponseBase
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework import status
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from annotation.access import ProjectContext
from annotation.domain.formats import ImportOptions
from annotation.domain.permissions import Permission
from annotation.import_views import download
from annotation.selectors.comments import (
    THREAD_STATES,
    documents_to_talk_about,
    thread_rows,
    threads_in_state,
    threads_visible,
)
from annotation.selectors.documents import documents_page, imports_listed
from annotation.services.comments import CommentError, thread_answer, thread_open, thread_resolve
from annotation.services.exports import CONTENT_TYPES, LAYERS, export_open
from annotation.services.imports import ImportRefused, import_check, import_start
from daner_site.api.gate import HeavyThrottle, project_api
from daner_site.api.paging import PAGE_PARAMETER, PAGE_SIZE, allow_only, page_number, page_response, page_schema
from daner_site.api.serializers import (
    CommentTextSerializer,
    DocumentFilterSerializer,
    DocumentSerializer,
    ImportJobSerializer,
    ImportSerializer,
    NewThreadSerializer,
    SettledSerializer,
    ThreadSerializer,
)


@project_api(
    Permission.VIEW_LAYERS,
    responses=page_schema("Document", DocumentSerializer),
    parameters=[PAGE_PARAMETER, DocumentFilterSerializer],
)
def documents(request: Request, ctx: ProjectContext) -> Response:
    """The documents in import order, and how far each is."""
    allow_only(request, DocumentFilterSerializer().fields)
    wanted = DocumentFilterSerializer(data=request.query_params)
    wanted.is_valid(raise_exception=True)
    page = documents_page(ctx.project, number=str(page_number(request)), **wanted.validated_data)
    return page_response(request, page, DocumentSerializer)


@project_api(
    Permission.VIEW,
    methods=["GET", "POST"],
    each={
        "GET": {
            "responses": page_schema("Thread", ThreadSerializer),
            "parameters": [PAGE_PARAMETER, OpenApiParameter("state", str, enum=list(THREAD_STATES))],
        },
        "POST": {
            "summary": "Begin a conversation",
            "description": "About a document one has or had in hand, or any for those who review, or about a place in it.",
            "request": NewThreadSerializer,
            "responses": {201: ThreadSerializer},
        },
    },
)
def comments(request: Request, ctx: ProjectContext) -> Response:
    """Conversations about documents and flags, newest first. Annotators get those about their own work."""
    if request.method == "POST":
        return _comment(request, ctx)
    allow_only(request, ["state"])
    state = request.query_params.get("state", "all")
    if state not in THREAD_STATES:
        raise ValidationError({"state": [f"Give one of {', '.join(THREAD_STATES)}."]})
    page = Paginator(threads_in_state(ctx, state), PAGE_SIZE).get_page(page_number(request))
    page.object_list = thread_rows(ctx, page.object_list)  # type: ignore[assignment]
    return page_response(request, page, ThreadSerializer)


@project_api(
    Permission.VIEW,
    methods=["GET", "POST", "PATCH"],
    responses=ThreadSerializer,
    each={
        "GET": {},
        "POST": {"summary": "Answer", "request": CommentTextSerializer, "responses": {201: ThreadSerializer}},
        "PATCH": {"summary": "Settle or open again", "request": SettledSerializer},
    },
)
def comment(request: Request, ctx: ProjectContext, thread: UUID) -> Response:
    """One conversation. A new answer opens a settled one again."""
    item = get_object_or_404(threads_visible(ctx), uuid=thread)
    if request.method == "POST":
        posted = CommentTextSerializer(data=request.data)
        posted.is_valid(raise_exception=True)
        try:
            thread_answer(ctx=ctx, thread_uuid=item.uuid, body=posted.validated_data["body"])
        except CommentError as error:
            raise ValidationError({"body": [str(error)]}) from error
    elif request.method == "PATCH":
        wish = SettledSerializer(data=request.data)
        wish.is_valid(raise_exception=True)
        thread_resolve(ctx=ctx, thread_uuid=item.uuid, resolved=wish.validated_data["resolved"])
    return _thread(ctx, item.uuid, status.HTTP_201_CREATED if request.method == "POST" else status.HTTP_200_OK)


def _comment(request: Request, ctx: ProjectContext) -> Response:
    posted = NewThreadSerializer(data=request.data)
    posted.is_valid(raise_exception=True)
    wish = dict(posted.validated_data)
    try:
        document = documents_to_talk_about(ctx).get(uuid=wish.pop("document"))
    except ObjectDoesNotExist as error:
        raise ValidationError({"document": ["There is no such document, or it is not one of yours."]}) from error
    try:
        opened = thread_open(ctx=ctx, document=document, **wish)
    except CommentError as error:
        raise ValidationError({"body": [str(error)]}) from error
    return _thread(ctx, opened.uuid, status.HTTP_201_CREATED)


def _thread(ctx: ProjectContext, uuid: UUID, code: int) -> Response:
    [row] = thread_rows(ctx, [get_object_or_404(threads_visible(ctx), uuid=uuid)])
    return Response(ThreadSerializer(row).data, code)


@project_api(
    Permission.MANAGE,
    methods=["POST"],
    throttles=[HeavyThrottle],
    request=ImportSerializer,
    responses={
        202: ImportJobSerializer,
        200: OpenApiResponse(ImportJobSerializer, description="`dry_run`: only checked."),
    },
)
def imports(request: Request, ctx: ProjectContext) -> Response:
    """Import texts: checked at once, written in the background. Look at the answer's `url` for how far it is."""
    posted = ImportSerializer(data=request.data)
    posted.is_valid(raise_exception=True)
    upload, dry_run = dict(posted.validated_data), posted.validated_data["dry_run"]
    options = ImportOptions(**upload.pop("options"))
    del upload["dry_run"]
    try:
        job = import_check(project=ctx.project, author=ctx.user, **upload)
        if not dry_run:
            job = import_start(job=job, author=ctx.user, options=options)
    except ImportRefused as error:
        raise ValidationError({"content": [str(error)]}) from error
    answer = ImportJobSerializer(job, context={"request": request, "ctx": ctx})
    return Response(answer.data, status.HTTP_200_OK if dry_run else status.HTTP_202_ACCEPTED)


@project_api(Permission.MANAGE, responses=ImportJobSerializer)
def import_job(request: Request, ctx: ProjectContext, job: UUID) -> Response:
    """How far an import is, and what became of its rows."""
    item = get_object_or_404(imports_listed(ctx.project), uuid=job)
    return Response(ImportJobSerializer(item, context={"request": request, "ctx": ctx}).data)


@project_api(
    Permission.EXPORT,
    throttles=[HeavyThrottle],
    parameters=[
        OpenApiParameter("layer", str, OpenApiParameter.PATH, enum=list(LAYERS)),
        OpenApiParameter("fmt", str, OpenApiParameter.PATH, enum=list(CONTENT_TYPES)),
    ],
    responses={(200, content_type.partition(";")[0]): OpenApiTypes.STR for content_type in CONTENT_TYPES.values()},
)
def export(request: Request, ctx: ProjectContext, layer: str, fmt: str) -> HttpResponseBase:
    """The labels of one layer as a file, streamed."""
    try:
        opened = export_open(ctx=ctx, layer=layer, fmt=fmt)
    except KeyError as error:
        raise Http404 from error
    return download(request._request, opened)
