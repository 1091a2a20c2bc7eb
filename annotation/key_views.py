"""The pages on which people choose their keys: of the commands, and of a project's labels."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from annotation.access import ProjectContext, project_view
from annotation.domain.permissions import Permission
from annotation.key_forms import CommandKeysForm, LabelKeysForm
from annotation.selectors.keys import command_keys_own, commands, project_keys
from annotation.selectors.projects import palette
from annotation.services.keys import command_keys_choose, command_keys_reset, label_keys_choose, label_keys_reset
from daner_site.accounts.access import OrganizationContext, organization_view


@require_http_methods(["GET", "HEAD", "POST"])
@organization_view()
def keys(request: HttpRequest, ctx: OrganizationContext) -> HttpResponse:
    """One's keys of the annotation page's commands, the same in all projects of the organisation."""
    own = command_keys_own(ctx.organization, ctx.user)
    form = CommandKeysForm(request.POST or None, commands=commands(), own=own)
    if request.method == "POST" and request.POST.get("action") == "reset":
        command_keys_reset(organization=ctx.organization, user=ctx.user)
        messages.success(request, gettext("All commands have their standard keys again."))
        return redirect("annotation:keys", ctx.organization.slug)
    if request.method == "POST" and form.is_valid():
        try:
            command_keys_choose(organization=ctx.organization, user=ctx.user, chosen=form.chosen())
            messages.success(request, gettext("Your keys are saved. They hold from the next document that opens."))
            return redirect("annotation:keys", ctx.organization.slug)
        except ValidationError as error:
            form.add_error(None, error)
    return _page(request, "annotation/keys.html", {"ctx": ctx, "form": form, "own": own})


@require_http_methods(["GET", "HEAD", "POST"])
@project_view(Permission.ANNOTATE)
def label_keys(request: HttpRequest, ctx: ProjectContext) -> HttpResponse:
    """One's keys of the project's labels."""
    labels = list(palette(ctx.project))
    mine = project_keys(ctx, {label.name: label.key for label in labels})
    form = LabelKeysForm(request.POST or None, labels=labels, keys=mine.labels, commands=commands(), own=mine.commands)
    if request.method == "POST" and request.POST.get("action") == "reset":
        label_keys_reset(ctx=ctx)
        messages.success(request, gettext("The labels have the project's keys again."))
        return redirect("annotation:label_keys", ctx.organization.slug, ctx.project.uuid)
    if request.method == "POST" and form.is_valid():
        try:
            label_keys_choose(ctx=ctx, chosen=form.chosen())
            messages.success(request, gettext("Your keys are saved. They hold from the next document that opens."))
            return redirect("annotation:label_keys", ctx.organization.slug, ctx.project.uuid)
        except ValidationError as error:
            form.refuse(error)
    return _page(request, "annotation/label_keys.html", {"ctx": ctx, "form": form, "own": mine.own_labels})


def _page(request: HttpRequest, template: str, context: dict[str, object]) -> HttpResponse:
    return render(request, template, context, status=422 if request.method == "POST" else 200)
