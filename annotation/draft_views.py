"""Saving unfinished work: the page asks by itself and gets JSON."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_http_methods

from annotation.access import ProjectContext, project_view
from annotation.domain.permissions import Permission
from annotation.domain.spans import SpanError
from annotation.domain.submission import SubmissionError, parse_submission
from annotation.forms import DraftForm
from annotation.selectors.projects import draft_data
from annotation.services.drafts import DraftAnswer, draft_read, draft_save
from annotation.services.work import WorkError


@require_http_methods(["GET", "HEAD", "POST"])
@project_view(Permission.ANNOTATE)
def draft(request: HttpRequest, ctx: ProjectContext, assignment: UUID) -> HttpResponse:
    """The newest draft of one's own document; a POST saves one, or is told of a newer (409)."""
    try:
        known = draft_read(ctx=ctx, assignment_uuid=assignment)
        if request.method != "POST":
            return _answer(known)
        form = DraftForm(request.POST)
        if not form.is_valid():
            return JsonResponse({"message": form.errors.as_text()}, status=400)
        work = parse_submission(form.cleaned_data["payload"])
        answer = draft_save(ctx=ctx, assignment_uuid=assignment, base=form.cleaned_data["base"], work=work)
    except WorkError as error:
        raise Http404(str(error)) from error
    except (SubmissionError, SpanError) as error:
        return JsonResponse({"message": str(error)}, status=422)
    return _answer(answer, status=200 if answer.saved else 409)


def _answer(answer: DraftAnswer, *, status: int = 200) -> JsonResponse:
    found = {"saved": answer.saved, "state": answer.state, "message": answer.message}
    return JsonResponse(found | {"draft": draft_data(answer.draft)}, status=status)
