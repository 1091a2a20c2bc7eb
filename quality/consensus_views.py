"""Pages of the consensus: all documents, one document span by span, the file."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from annotation.access import ProjectContext, project_view
from annotation.domain.permissions import Permission
from annotation.import_views import download
from annotation.selectors.documents import in_work_of
from quality.selectors.consensus import consensus_documents, consensus_page, newest_run, run_summary
from quality.services.consensus_export import consensus_export


@require_safe
@project_view(Permission.VIEW_LAYERS)
def consensus(request: HttpRequest, ctx: ProjectContext) -> HttpResponse:
    """The newest consensus, the least sure documents first."""
    run = newest_run(ctx.project)
    context = {
        "ctx": ctx,
        "active": "quality",
        "summary": None if run is None else run_summary(run),
        "page": None if run is None else consensus_documents(run, number=request.GET.get("page", "1")),
    }
    return render(request, "quality/consensus.html", context)


@require_safe
@project_view(Permission.VIEW_LAYERS)
def consensus_document(request: HttpRequest, ctx: ProjectContext, document: UUID) -> HttpResponse:
    """One document: what the consensus holds and why, and what it leaves out.

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
        "active": "quality",
        "document": item,
        "number": item.external_id or item.position + 1,
        "page": consensus_page(ctx.project, item),
    }
    return render(request, "quality/consensus_document.html", context)


@require_safe
@project_view(Permission.EXPORT)
def consensus_file(request: HttpRequest, ctx: ProjectContext) -> HttpResponseBase:
    """The newest consensus as JSON Lines."""
    run = newest_run(ctx.project)
    if run is None:
        raise Http404(gettext("There is no consensus yet."))
    return download(request, consensus_export(ctx=ctx, run=run))
