"""The reviewer's place: the queue, one document to decide on, who has it open."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect

from annotation.access import ProjectContext, project_view
from annotation.domain.permissions import Permission
from annotation.domain.spans import SpanError
from quality.domain.adjudication import DecisionError
from quality.forms import PostedReview, ReviewFormError, parse_review, version_of
from quality.models import AdjudicationCase
from quality.selectors.cases import cases_of, own_open_count, worked_on
from quality.selectors.content import case_content
from quality.selectors.evidence import case_evidence
from quality.selectors.queue import lease_shown, leased_count, review_queue
from quality.selectors.review import REASONS, case_notes, review_page, stored_state
from quality.selectors.versions import versions_apart
from quality.services.cases import cases_refresh
from quality.services.leases import (
    LeasedError,
    lease_check,
    lease_release,
    lease_take,
    lease_take_over,
    next_case_take,
)
from quality.services.settling import (
    CaseError,
    DecidedBeforeError,
    EscalatedError,
    OwnWorkError,
    StaleCaseError,
    case_reopen,
    case_resolve,
)


@require_safe
@project_view(Permission.REVIEW)
def review(request: HttpRequest, ctx: ProjectContext) -> HttpResponse:
    """The next case for this reviewer; `after=<case>` passes one by."""
    following = next_case_take(ctx=ctx, after=_uuid(request.GET.get("after", "")))
    if following is not None:
        to = reverse("quality:case", args=[ctx.organization.slug, ctx.project.uuid, following.uuid])
        return HttpResponseClientRedirect(to) if request.headers.get("HX-Request") else redirect(to)
    context = {"ctx": ctx, "active": "review", "own": own_open_count(ctx), "others": leased_count(ctx)}
    return render(request, "quality/review_done.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@project_view(Permission.REVIEW)
def case(request: HttpRequest, ctx: ProjectContext, case: UUID) -> HttpResponse:
    """One document to decide on; a POST settles it and goes on to the next."""
    item = get_object_or_404(cases_of(ctx.project), uuid=case)
    if worked_on(item.document, ctx.user):
        return _own_work(request, ctx)
    if request.method != "POST":
        return _case_page(request, ctx, item, stored_state(item))
    posted: PostedReview | None = None
    try:
        posted = parse_review(request.POST)
        lease_check(ctx=ctx, document=item.document)
        case_resolve(ctx=ctx, case=item, **posted.decided)
        lease_release(ctx=ctx, document=item.document)
    except OwnWorkError:
        return _own_work(request, ctx)
    except (EscalatedError, DecidedBeforeError) as error:
        return _case_page(request, ctx, item, _state(posted), error=error, status=403)
    except LeasedError as error:
        return _case_page(request, ctx, item, _state(posted), error=error, status=409)
    except StaleCaseError as error:
        cases_refresh(document_id=item.document_id)
        return _case_page(request, ctx, item, _state(posted), error=error, status=409, posted=posted)
    except (DecisionError, SpanError, ReviewFormError) as error:
        return _case_page(request, ctx, item, _state(posted), error=error, status=422)
    messages.success(request, gettext("Decided. The document has its gold now."))
    return redirect("quality:review", ctx.organization.slug, ctx.project.uuid)


@require_safe
@project_view(Permission.REVIEW)
def queue(request: HttpRequest, ctx: ProjectContext) -> HttpResponse:
    """A fragment: what waits, and who is at what."""
    context = {"ctx": ctx, "queue": review_queue(ctx), "at": request.GET.get("at", "")}
    return render(request, "quality/_queue.html", context)


@require_safe
@project_view(Permission.REVIEW)
def evidence(request: HttpRequest, ctx: ProjectContext, case: UUID) -> HttpResponse:
    """A fragment: the same words in gold, place by place, and what the guideline says of the labels."""
    item = get_object_or_404(cases_of(ctx.project), uuid=case)
    if worked_on(item.document, ctx.user):
        return _own_work(request, ctx)
    context = {"ctx": ctx, "evidence": case_evidence(item, case_content(item.document))}
    return render(request, "quality/_evidence.html", context)


@require_POST
@project_view(Permission.REVIEW)
def lease(request: HttpRequest, ctx: ProjectContext, case: UUID) -> HttpResponse:
    """A fragment: who has the document. `action`: `renew` is the heartbeat, `take` takes it over, `release` leaves.

    204 where nothing is new, so that nothing is announced twice.
    """
    item = get_object_or_404(cases_of(ctx.project), uuid=case)
    if worked_on(item.document, ctx.user):
        return _own_work(request, ctx)
    action = request.POST.get("action", "renew")
    if action == "release":
        lease_release(ctx=ctx, document=item.document)
        return HttpResponse(status=204)
    take = lease_take_over if action == "take" else lease_take
    take(ctx=ctx, document=item.document)
    if not request.htmx:  # type: ignore[attr-defined]
        return redirect("quality:case", ctx.organization.slug, ctx.project.uuid, item.uuid)
    shown = lease_shown(ctx, item, request.POST)
    if shown.state == request.POST.get("state"):
        return HttpResponse(status=204)
    return render(request, "quality/_lease.html", {"ctx": ctx, "case": item, "lease": shown})


@require_POST
@project_view(Permission.REVIEW)
def reopen(request: HttpRequest, ctx: ProjectContext, case: UUID) -> HttpResponse:
    item = get_object_or_404(cases_of(ctx.project), uuid=case)
    try:
        case_reopen(ctx=ctx, case=item, version=version_of(request.POST))
    except (CaseError, ReviewFormError) as error:
        messages.error(request, str(error))
    return redirect("quality:case", ctx.organization.slug, ctx.project.uuid, item.uuid)


def _case_page(
    request: HttpRequest,
    ctx: ProjectContext,
    item: AdjudicationCase,
    state: dict[str, Any],
    *,
    error: Exception | None = None,
    status: int = 200,
    posted: PostedReview | None = None,
) -> HttpResponse:
    """`state`: the decisions to show; those just posted are kept whatever went wrong.

    `posted`: to be shown beside what somebody else did meanwhile.
    """
    item = get_object_or_404(cases_of(ctx.project), pk=item.pk)
    editable = status != 200 or item.status == AdjudicationCase.Status.OPEN
    if editable:
        lease_take(ctx=ctx, document=item.document)
    content = case_content(item.document)
    versions = versions_apart(item, content, state=state, **posted.version_told) if posted else None
    context = {
        "ctx": ctx,
        "active": "review",
        "case": item,
        "versions": versions,
        "page": review_page(item, content, versions.state if versions else state),
        "comment": state.get("comment", ""),
        "error": error,
        "notes": case_notes(ctx, item),
        "reasons": REASONS,
        "editable": editable,
        "lease": lease_shown(ctx, item, {}) if editable else None,
    }
    return render(request, "quality/case.html", context, status=status)


def _own_work(request: HttpRequest, ctx: ProjectContext) -> HttpResponse:
    return render(request, "quality/own_work.html", {"ctx": ctx, "active": "review"}, status=403)


def _state(posted: PostedReview | None) -> dict[str, Any]:
    return {} if posted is None else asdict(posted)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
