"""Two organisations full of real things, and the values that path arguments take in each."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import transaction

from annotation.domain.permissions import ProjectRole
from annotation.models import Assignment, Guideline, Project
from annotation.services.imports import import_check
from daner_site.accounts.models import Membership, Organization, TenantModel, User
from daner_site.accounts.services.members import invitation_create
from daner_site.accounts.services.tokens import api_token_create
from tests.cast import Cast, cast_make
from tests.contract.routes import Key
from tests.factories import (
    annotation_make,
    application_make,
    assignment_make,
    blind_comparison_make,
    case_make,
    consensus_make,
    document_make,
    inference_request_make,
    model_version_make,
    project_make,
    project_member_make,
    ruling_make,
    run_make,
    thread_make,
)

PROJECT_THINGS = {
    "document",
    "job",
    "model",
    "other",
    "comparison",
    "run",
    "case",
    "ruling",
    "label",
    "member",
    "assignment",
    "question",
    "annotator",
    "thread",
    "application",
}
"""Arguments that name a thing of one project; below an organisation `member` is a membership."""
ORGANIZATION_THINGS = {"invitation", "token", "member"}


@dataclass(frozen=True)
class Things:
    """What one project holds, by the name it has in a path or a request body."""

    organization: Organization
    project: Project
    sentinel: str
    values: dict[Key, object]

    @property
    def body(self) -> dict[str, object]:
        """Every id at once, under every name a form might read it by."""
        return {name: value for (_, name), value in self.values.items() if name not in ("org", "project")}


@dataclass(frozen=True)
class World:
    cast: Cast
    a: Things
    sibling: Things
    """A second project of A."""
    b: Things


def world_make() -> World:
    cast = cast_make()
    second = project_make(cast.org_a, cast.alice, name="Second", labels=["SENTINEL-S-PER"])
    return World(
        cast,
        things_make(cast.project_a, cast.alice, [cast.bob, cast.ben], "SENTINEL-A"),
        things_make(second, cast.alice, [cast.vic, cast.dora], "SENTINEL-S"),
        things_make(cast.project_b, cast.charlie, [cast.charlie], "SENTINEL-B"),
    )


def things_make(project: Project, manager: User, annotators: list[User], sentinel: str) -> Things:
    """One of everything; each text and name carries the sentinel."""
    organization, label = project.organization, project.labels.all()[0]
    project.name = f"{sentinel} project"
    project.save()
    label.description = f"{sentinel} label"
    label.save()
    Guideline.objects.create(
        organization=organization, project=project, version=1, body=f"{sentinel} guideline", author=manager
    )
    document = document_make(project, f"{sentinel} met Ada in Oslo.", overlap_target=3)
    for number, person in enumerate(annotators):
        annotation_make(document, person, [(0, 8 + number, label.name)])
    held = document_make(project, f"{sentinel} waits to be labelled.")
    assignment = assignment_make(held, annotators[0], status=Assignment.Status.ACTIVE)
    document_make(project, f"{sentinel} is open.")
    consensus_make(document)
    model = model_version_make(project, active=True)
    other = model_version_make(project)
    comparison = blind_comparison_make(model, other, [document], status="open")
    question = inference_request_make(model, manager, f"{sentinel} asks.", status="done")
    member = (
        project.members.get(user=annotators[0])
        if project.members.filter(user=annotators[0]).exists()
        else project_member_make(project, annotators[0], ProjectRole.ANNOTATOR)
    )
    case = case_make(document)
    values: dict[Key, object] = {
        ("slug", "org"): organization.slug,
        ("uuid", "project"): project.uuid,
        ("uuid", "document"): document.uuid,
        ("uuid", "job"): import_check(
            project=project, author=manager, content=f"{sentinel} line.\n", filename="a.txt"
        ).uuid,
        ("str", "layer"): "gold",
        ("str", "fmt"): "jsonl",
        ("uuid", "model"): model.uuid,
        ("uuid", "other"): other.uuid,
        ("uuid", "comparison"): comparison.uuid,
        ("uuid", "blind_text"): comparison.texts.get().uuid,
        ("uuid", "run"): run_make(project, status="queued", reason=sentinel).uuid,
        ("uuid", "case"): case.uuid,
        ("uuid", "application"): application_make(case, manager).uuid,
        ("uuid", "ruling"): ruling_make(project, manager, question=f"{sentinel} asks").uuid,
        ("int", "label"): label.pk,
        ("int", "member"): member.pk,
        ("int", "annotator"): annotators[0].pk,
        ("uuid", "assignment"): assignment.uuid,
        ("uuid", "question"): question.uuid,
        ("uuid", "thread"): thread_make(document, annotators[0], f"{sentinel} is unclear.").uuid,
    }
    return Things(organization, project, sentinel, values | _of_organization(organization, manager, annotators[0]))


def _of_organization(organization: Organization, manager: User, person: User) -> dict[Key, object]:
    owner = Membership.objects.get(organization=organization, user=manager)
    invitation, secret = invitation_create(organization=organization, actor=owner, role="member")
    token, _ = api_token_create(member=owner, name="script")
    return {
        ("uuid", "invitation"): invitation.uuid,
        ("str", "token"): secret,
        ("uuid", "token"): token.uuid,
        ("uuid", "member"): Membership.objects.get(organization=organization, user=person).uuid,
    }


def rows_of(organization: Organization) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of the organisation in every table, to see whether anything changed."""
    return {
        model._meta.label: sorted(model._default_manager.filter(organization=organization).values_list(), key=repr)
        for model in apps.get_models()
        if issubclass(model, TenantModel)
    }


@contextmanager
def rolled_back() -> Iterator[None]:
    """Whatever happens inside leaves no trace."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
