"""Texts in and out: import, the list of documents, one document with its layers, export."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any
from uuid import UUID

from asgiref.sync import sync_to_async
from django.contrib import messages
from django.core.handlers.asgi import ASGIRequest
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_safe

from annotation.access import ProjectContext, project_view
from annotation.domain.permissions import Permission
from annotation.import_forms import ConfirmForm, DocumentFilterForm, ImportForm
from annotation.models import ImportJob
from annotation.selectors.documents import (
    documents_page,
    export_counts,
    import_preview,
    imports_listed,
    in_work_of,
    recent_imports,
    shown_layers,
    turns,
)
from annotation.services.exports import LAYERS, Export, export_open
from annotation.services.imports import ImportRefused, import_check, import_start


@require_http_methods(["GET", "HEAD", "POST"])
@project_view(Permission.MANAGE)
def import_new(request: HttpRequest, ctx: ProjectContext) -> HttpResponse:
    """Paste or upload; the POST reads it without writing and shows what it found."""
    form = ImportForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            job = import_check(project=ctx.project, author=ctx.user, **form.upload())
            return redirect("annotation:import_job", ctx.organization.slug, ctx.project.uuid, job.uuid)
        except ImportRefused as error:
            form.add_error(None, str(error))
    context = {"ctx": ctx, "active": "documents", "form": form, "imports": recent_imports(ctx.project)}
    return render(request, "annotation/import.html", context, status=_status(request))


@require_http_methods(["GET", "HEAD", "POST"])
@project_view(Permission.MANAGE)
def import_job(request: HttpRequest, ctx: ProjectContext, job: UUID) -> HttpResponse:
    """What an upload holds, to be confirmed; then how far its import is."""
    item = get_object_or_404(imports_listed(ctx.project), uuid=job)
    context: dict[str, Any] = {"ctx": ctx, "active": "documents", "job": item}
    if request.htmx and request.method != "POST":  # type: ignore[attr-defined]
        return render(request, "annotation/_import_progress.html", context)
    form = ConfirmForm(request.POST if request.method == "POST" else None, job=item)
    if request.method == "POST" and form.is_valid():
        try:
            import_start(job=item, author=ctx.user, options=form.options())
            return redirect("annotation:import_job", ctx.organization.slug, ctx.project.uuid, item.uuid)
        except ImportRefused as error:
            form.add_error(None, str(error))
    if item.status == ImportJob.Status.CHECKED:
        context |= {"form": form, "found": import_preview(item)}
    return render(request, "annotation/import_job.html", context, status=_status(request))


@require_safe
@project_view(Permission.VIEW_LAYERS)
def documents(request: HttpRequest, ctx: ProjectContext) -> HttpResponse:
    """All documents, searchable."""
    form = DocumentFilterForm(request.GET, project=ctx.project)
    page = documents_page(ctx.project, number=request.GET.get("page", "1"), **form.filters())
    query = request.GET.copy()
    query.pop("page", None)
    context = {
        "ctx": ctx,
        "active": "documents",
        "form": form,
        "page": page,
        "query": f"{query.urlencode()}&" if query else "",
        "filtered": any(form.filters().values()),
    }
    return render(request, "annotation/documents.html", context)


@require_safe
@project_view(Permission.VIEW_LAYERS)
def document(request: HttpRequest, ctx: ProjectContext, document: UUID) -> HttpResponse:
    """One text with gold, everybody's spans and the model's, side by side.

    Whoever has it in work is sent back to the work: they label it without having seen the others'.
    """
    item = get_object_or_404(ctx.project.documents, uuid=document)
    if in_work_of(item, ctx.user):
        messages.info(
            request, gettext("You have this document in work. What others marked is shown after you submit it.")
        )
        return redirect("annotation:annotate", ctx.organization.slug, ctx.project.uuid)
    context = {
        "ctx": ctx,
        "active": "documents",
        "document": item,
        "number": item.external_id or item.position + 1,
        "meta": list(item.meta.items()),
        "layers": shown_layers(ctx.project, item),
        "turns": turns(item),
    }
    return render(request, "annotation/document.html", context)


@require_safe
@project_view(Permission.EXPORT)
def export(request: HttpRequest, ctx: ProjectContext) -> HttpResponse:
    """Which layers there are, with a link for each format."""
    counts = export_counts(ctx.project)
    layers = [{"name": name, "title": title, "count": counts[name]} for name, title in LAYERS.items()]
    return render(request, "annotation/export.html", {"ctx": ctx, "active": "documents", "layers": layers})


@require_safe
@project_view(Permission.EXPORT)
def export_file(request: HttpRequest, ctx: ProjectContext, layer: str, fmt: str) -> HttpResponseBase:
    """The file, streamed; always a download, never a page."""
    try:
        opened = export_open(ctx=ctx, layer=layer, fmt=fmt)
    except KeyError:
        raise Http404 from None
    return download(request, opened)


def download(request: HttpRequest, opened: Export) -> StreamingHttpResponse:
    """The file as a response; also the API's."""
    # Each server gets the kind of iterator that it can stream: the other kind it would collect first.
    parts = _asynchronously(opened.parts) if isinstance(request, ASGIRequest) else opened.parts
    return StreamingHttpResponse(
        parts,
        content_type=opened.content_type,
        headers={
            "Content-Disposition": f'attachment; filename="{opened.filename}"',
            "X-Content-Type-Options": "nosniff",
        },
    )


async def _asynchronously(parts: Iterator[str] | Iterator[bytes]) -> AsyncIterator[str | bytes]:
    """The same parts; each is read off the event loop."""
    while (part := await sync_to_async(_next)(parts)) is not None:
        yield part


def _next(parts: Iterator[str] | Iterator[bytes]) -> str | bytes | None:
    return next(parts, None)


def _status(request: HttpRequest) -> int:
    """A page that is rendered for a POST is one with errors."""
    return 422 if request.method == "POST" else 200
