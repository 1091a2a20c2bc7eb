"""The demo organisation: people, a project, and two annotators' overlapping work."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction

from annotation.access import ProjectContext
from annotation.demo import DemoCorpus, DemoText
from annotation.domain.permissions import ROLE_PERMISSIONS, ProjectRole
from annotation.domain.spans import LabelledSpan
from annotation.domain.submission import Submission
from annotation.domain.text import text_hash
from annotation.models import Assignment, Document, OverlapReason, Project, ProjectMember, Split, Strategy
from annotation.services.imports import ImportOptions, import_check, import_run, import_start
from annotation.services.projects import guideline_publish, label_add, project_create
from annotation.services.work import annotation_submit
from daner_site.accounts.models import Membership, Organization, OrganizationRole, User
from daner_site.core.clock import now

ORGANIZATION = "Harbour Desk"
PROJECT = "Harbour news"
PEOPLE = (
    ("maya", "Maya (manager)", OrganizationRole.OWNER, ProjectRole.MANAGER),
    ("ana", "Ana (annotator)", OrganizationRole.MEMBER, ProjectRole.ANNOTATOR),
    ("ben", "Ben (annotator)", OrganizationRole.MEMBER, ProjectRole.ANNOTATOR),
    ("rita", "Rita (reviewer)", OrganizationRole.MEMBER, ProjectRole.REVIEWER),
)


@dataclass(frozen=True)
class Login:
    username: str
    password: str
    role: str


@transaction.atomic
def demo_seed(*, corpus: DemoCorpus) -> list[Login]:
    """Make the demo organisation with random passwords; all of it or nothing.

    Raises: IntegrityError when one of the demo names is taken.
    """
    organization = Organization.objects.create(name=ORGANIZATION, slug="harbour-desk")
    users, logins = {}, []
    for username, name, organization_role, role in PEOPLE:
        password = secrets.token_urlsafe(9)
        users[username] = User.objects.create_user(username=username, password=password, display_name=name)
        Membership.objects.create(organization=organization, user=users[username], role=organization_role)
        logins.append(Login(username, password, role.value))
    project = _project(organization, users, corpus)
    _texts(project, users["maya"], corpus.pool, Split.POOL)
    _texts(project, users["maya"], corpus.test, Split.TEST)
    _work(project, users, corpus)
    return logins


def _project(organization: Organization, users: Mapping[str, User], corpus: DemoCorpus) -> Project:
    # Small numbers, so that a visitor sees the model learn within the first minute.
    project = project_create(
        organization=organization,
        author=users["maya"],
        name=PROJECT,
        description="People, organisations, places and products in short local news. "
        "Two annotators have begun, and do not always agree.",
        retrain_after=5,
        retrain_quiet_seconds=15,
        overlap_share=0.2,
    )
    for label in corpus.labels:
        label_add(
            project=project,
            name=label.name,
            color=label.color,
            key=label.key,
            description=label.description,
        )
    for username, _, _, role in PEOPLE:
        if username != "maya":
            ProjectMember.objects.create(organization=organization, project=project, user=users[username], role=role)
    guideline_publish(ctx=_context(users["maya"], project, ProjectRole.MANAGER), body=corpus.guidelines)
    return project


def _texts(project: Project, author: User, texts: tuple[DemoText, ...], split: str) -> None:
    """Through the ordinary import; only the test split brings its labels."""
    labelled = split == Split.TEST
    rows = [
        {"text": item.text}
        | ({"spans": [{"start": s, "end": e, "label": label} for s, e, label in item.spans]} if labelled else {})
        for item in texts
    ]
    job = import_check(
        project=project,
        author=author,
        content="\n".join(json.dumps(row) for row in rows),
        filename=f"demo-{split}.jsonl",
        format="jsonl",
        split=split,
    )
    import_start(job=job, author=author, options=ImportOptions(with_labels=labelled))
    import_run(job_id=job.pk)


def _work(project: Project, users: Mapping[str, User], corpus: DemoCorpus) -> None:
    documents = {doc.sha256: doc for doc in project.documents.filter(split=Split.POOL)}
    by_index = {index: documents[text_hash(item.text)] for index, item in enumerate(corpus.pool)}
    shared = set.intersection(*(set(work) for work in corpus.work.values()))
    for index in shared:
        # Chosen for overlap by the people who made the corpus.
        by_index[index].overlap_target = len(corpus.work)
        by_index[index].overlap_reason = OverlapReason.RANDOM
    Document.objects.bulk_update([by_index[index] for index in shared], ["overlap_target", "overlap_reason"])
    for slot, (name, work) in enumerate(corpus.work.items()):
        ctx = _context(users[name], project, ProjectRole.ANNOTATOR)
        for index, spans in work.items():
            _submit(ctx, by_index[index], slot if index in shared else 0, spans)


def _submit(ctx: ProjectContext, document: Document, slot: int, spans: tuple[tuple[int, int, str], ...]) -> None:
    assignment = Assignment.objects.create(
        organization=ctx.organization,
        project=ctx.project,
        document=document,
        annotator=ctx.user,
        slot=slot,
        lease_until=now() + timedelta(minutes=1),
        strategy=Strategy.RANDOM,
        generation=1,
        rank=document.position,
    )
    work = Submission(tuple(LabelledSpan(*span) for span in spans), frozenset(), (), None)
    annotation_submit(ctx=ctx, assignment_uuid=assignment.uuid, submission=work)


def _context(user: User, project: Project, role: ProjectRole) -> ProjectContext:
    return ProjectContext(
        user=user,
        organization=project.organization,
        project=project,
        role=role,
        permissions=ROLE_PERMISSIONS[role],
    )
