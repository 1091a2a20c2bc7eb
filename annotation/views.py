"""Project pages: create, settings, labels, guidelines, people."""

from __future__ import annotations

from collections.abc import Mapping

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST

from annotation.access import ProjectContext, project_view
from annotation.domain.permissions import Permission
from annotation.forms import (
    GuidelineForm,
    LabelForm,
    MemberForm,
    MemberRoleForm,
    PauseForm,
    ProjectForm,
    SettingsForm,
)
from annotation.selectors.projects import guideline_html, members_with_roles, role_table
from annotation.services.pauses import member_pause, member_resume
from annotation.services.projects import (
    guideline_publish,
    label_add,
    label_retire,
    label_update,
    member_remove,
    member_set,
    project_create,
    project_update,
)
from daner_site.accounts.access import OrganizationContext, organization_view


@require_http_methods(["GET", "HEAD", "POST"])
@organization_view(admin=True)
def project_new(request: HttpRequest, ctx: OrganizationContext) -> HttpResponse:
    """Name and entity types; the next page takes the texts."""
    form = ProjectForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            project = project_create(organization=ctx.organization, author=ctx.user, **form.cleaned_data)
            return redirect("annotation:import", ctx.organization.slug, project.uuid)
        except ValidationError as error:
            _show(form, error, other="labels")
    context = {"ctx": ctx, "form": form}
    return render(request, "annotation/project_new.html", context, status=_status(request))


@require_http_methods(["GET", "HEAD", "POST"])
@project_view(Permission.MANAGE)
def settings(request: HttpRequest, ctx: ProjectContext) -> HttpResponse:
    """Overlap, suggestions, learning loop; with links to labels, guidelines and people."""
    form = SettingsForm(request.POST or None, instance=ctx.project)
    if request.method == "POST" and form.is_valid():
        try:
            project_update(ctx=ctx, **form.changes())
            messages.success(request, gettext("Settings saved."))
            return _back("settings", ctx)
        except ValidationError as error:
            _show(form, error)
    return _settings_page(request, ctx, "settings", {"form": form})


@require_http_methods(["GET", "HEAD", "POST"])
@project_view(Permission.MANAGE)
def labels(request: HttpRequest, ctx: ProjectContext) -> HttpResponse:
    """The palette; a POST adds a label."""
    form = LabelForm(request.POST or None, initial={"color": "#77aadd"})
    if request.method == "POST" and form.is_valid():
        try:
            label_add(project=ctx.project, **form.cleaned_data)
            return _back("labels", ctx)
        except ValidationError as error:
            _show(form, error)
    rows = [(item, LabelForm(instance=item, prefix="row")) for item in ctx.project.labels.all()]
    return _settings_page(request, ctx, "labels", {"form": form, "rows": rows})


@require_POST
@project_view(Permission.MANAGE)
def label(request: HttpRequest, ctx: ProjectContext, label: int) -> HttpResponse:
    """Change, retire or restore one label."""
    item = get_object_or_404(ctx.project.labels, pk=label)
    if request.POST.get("action") in ("retire", "restore"):
        label_retire(ctx=ctx, label=item, retired=request.POST["action"] == "retire")
        return _back("labels", ctx)
    form = LabelForm(request.POST, prefix="row", initial={"review_weight": item.review_weight})
    try:
        if not form.is_valid():
            raise ValidationError(form.errors.as_text())
        label_update(ctx=ctx, label=item, **form.cleaned_data)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return _back("labels", ctx)


@require_http_methods(["GET", "HEAD", "POST"])
@project_view(Permission.VIEW)
def guidelines(request: HttpRequest, ctx: ProjectContext) -> HttpResponse:
    """The newest guideline with its history; managers publish a new version."""
    newest = ctx.project.guidelines.first()
    form = GuidelineForm(request.POST or None, initial={"body": newest.body if newest else ""})
    if request.method == "POST":
        if not ctx.can(Permission.MANAGE):
            return HttpResponse(gettext("Only managers change the guideline."), status=403)
        if form.is_valid():
            version = guideline_publish(ctx=ctx, body=form.cleaned_data["body"]).version
            messages.success(request, gettext("Version {version} is what annotators see now.").format(version=version))
            return _back("guidelines", ctx)
    history = ctx.project.guidelines.select_related("author")
    context = {"form": form, "guideline": guideline_html(ctx.project), "history": history}
    return _settings_page(request, ctx, "guidelines", context)


@require_http_methods(["GET", "HEAD", "POST"])
@project_view(Permission.MANAGE)
def members(request: HttpRequest, ctx: ProjectContext) -> HttpResponse:
    """Who works here in which role; a POST adds somebody from the organisation."""
    form = MemberForm(request.POST or None, ctx=ctx)
    if request.method == "POST" and form.is_valid():
        member_set(ctx=ctx, **form.cleaned_data)
        return _back("members", ctx)
    rows = [(item, MemberRoleForm(instance=item, prefix=f"m{item.pk}")) for item in members_with_roles(ctx.project)]
    return _settings_page(request, ctx, "members", {"form": form, "rows": rows, "roles": role_table()})


@require_POST
@project_view(Permission.MANAGE)
def member(request: HttpRequest, ctx: ProjectContext, member: int) -> HttpResponse:
    """Change one person's role, or take it away."""
    item = get_object_or_404(ctx.project.members.select_related("user"), pk=member)
    if request.POST.get("action") == "remove":
        member_remove(ctx=ctx, member=item)
        return _back("members", ctx)
    form = MemberRoleForm(request.POST, prefix=f"m{item.pk}")
    if form.is_valid():
        member_set(ctx=ctx, user=item.user, role=form.cleaned_data["role"])
    else:
        messages.error(request, form.errors.as_text())
    return _back("members", ctx)


@require_http_methods(["GET", "HEAD", "POST"])
@project_view(Permission.MANAGE)
def member_pausing(request: HttpRequest, ctx: ProjectContext, member: int) -> HttpResponse:
    """Stop giving one person documents to label, with a reason they read, or let them go on."""
    item = get_object_or_404(ctx.project.members.select_related("user", "paused_by"), pk=member)
    form = PauseForm(request.POST or None, initial={"reason": item.pause_reason})
    if request.method == "POST" and request.POST.get("action") == "resume":
        member_resume(ctx=ctx, member=item)
        messages.success(request, gettext("{name} can label again.").format(name=item.user.name))
        return _back("members", ctx)
    if request.method == "POST" and form.is_valid():
        try:
            member_pause(ctx=ctx, member=item, **form.cleaned_data)
            messages.success(request, gettext("{name} gets no documents for now.").format(name=item.user.name))
            return _back("members", ctx)
        except ValidationError as error:
            _show(form, error)
    return _settings_page(request, ctx, "member_pausing", {"item": item, "form": form})


def _settings_page(request: HttpRequest, ctx: ProjectContext, page: str, context: Mapping[str, object]) -> HttpResponse:
    shared = {"ctx": ctx, "active": "settings", "page": page}
    return render(request, f"annotation/{page}.html", {**shared, **context}, status=_status(request))


def _back(page: str, ctx: ProjectContext) -> HttpResponse:
    return redirect(f"annotation:{page}", ctx.organization.slug, ctx.project.uuid)


def _status(request: HttpRequest) -> int:
    """A page that is rendered for a POST is one with errors."""
    return 422 if request.method == "POST" else 200


def _show(form: BaseForm, error: ValidationError, other: str | None = None) -> None:
    """Put a service's errors beside the form's fields."""
    if not hasattr(error, "error_dict"):
        form.add_error(other, error)
        return
    for field, errors in error.error_dict.items():
        form.add_error(field if field in form.fields else other, errors)
