"""Plain functions that make rows for tests: each makes one thing, with sensible values for the rest."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

from activelearning.domain.metrics import Evaluation, Quality
from activelearning.models import BlindComparison, BlindText, InferenceRequest, ModelVersion, Tier, TrainingRun
from annotation.domain.permissions import ProjectRole
from annotation.domain.spans import LabelledSpan
from annotation.domain.text import text_hash, tokenize
from annotation.models import (
    Annotation,
    Assignment,
    Comment,
    Document,
    Label,
    Project,
    ProjectMember,
    Span,
    Split,
    Thread,
)
from daner_site.accounts.models import Membership, Organization, OrganizationRole, User
from daner_site.core.clock import now
from quality.models import AdjudicationCase, ConsensusDocument, ConsensusRun, DecisionApplication, Ruling

PASSWORD = "a sturdy passphrase"
COLORS = ["#0072B2", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#56B4E9"]
_numbers = itertools.count(1)


def user_make(username: str = "", **fields: Any) -> User:
    username = username or f"user{next(_numbers)}"
    return User.objects.create_user(username=username, password=PASSWORD, **fields)


def organization_make(name: str = "", *, owner: User | None = None) -> Organization:
    number = next(_numbers)
    organization = Organization.objects.create(name=name or f"Organisation {number}", slug=f"org-{number}")
    if owner is not None:
        membership_make(organization, owner, OrganizationRole.OWNER)
    return organization


def membership_make(organization: Organization, user: User, role: str = OrganizationRole.MEMBER) -> Membership:
    return Membership.objects.create(organization=organization, user=user, role=role)


def project_make(
    organization: Organization, owner: User, *, name: str = "", labels: Sequence[str] = ("PER", "LOC"), **fields: Any
) -> Project:
    """A project without documents; `owner` is its manager. Chance draws nothing from its queue unless told to."""
    fields = {"random_share": 0.0} | fields
    project = Project.objects.create(
        organization=organization, created_by=owner, name=name or f"Project {next(_numbers)}", **fields
    )
    project_member_make(project, owner, ProjectRole.MANAGER)
    for label in labels:
        label_make(project, label)
    return project


def project_member_make(project: Project, user: User, role: ProjectRole) -> ProjectMember:
    return ProjectMember.objects.create(
        organization_id=project.organization_id, project=project, user=user, role=role.value
    )


def label_make(project: Project, name: str, **fields: Any) -> Label:
    position = project.labels.count()
    fields = {"color": COLORS[position % len(COLORS)], "position": position} | fields
    return Label.objects.create(organization_id=project.organization_id, project=project, name=name, **fields)


def document_make(project: Project, text: str = "", *, split: str = Split.POOL, **fields: Any) -> Document:
    """One text with its tokens, last in import order."""
    text = text or f"Ada met Grace in Oslo on day {next(_numbers)}."
    fields = {"position": project.documents.count(), "tokens": [list(token) for token in tokenize(text)]} | fields
    return Document.objects.create(
        organization_id=project.organization_id,
        project=project,
        text=text,
        sha256=text_hash(text),
        split=split,
        **fields,
    )


def documents_make(project: Project, count: int, *, split: str = Split.POOL) -> list[Document]:
    return [document_make(project, split=split) for _ in range(count)]


def assignment_make(document: Document, annotator: User, *, slot: int | None = None, **fields: Any) -> Assignment:
    """A submitted turn in the next free slot unless told otherwise."""
    moment = now()
    status = fields.setdefault("status", Assignment.Status.SUBMITTED)
    values: dict[str, Any] = {
        "slot": document.assignments.filter(status__in=Assignment.LIVE).count() if slot is None else slot,
        "lease_until": moment,
        "closed_at": None if status == Assignment.Status.ACTIVE else moment,
        "strategy": "random",
        "generation": 0,
        "rank": document.position,
    }
    return Assignment.objects.create(
        organization_id=document.organization_id,
        project=document.project,
        document=document,
        annotator=annotator,
        **(values | fields),
    )


def annotation_make(
    document: Document,
    author: User,
    spans: Sequence[LabelledSpan | tuple[int, int, str]] = (),
    *,
    kind: str = Annotation.Kind.HUMAN,
    assigned: bool = True,
    **fields: Any,
) -> Annotation:
    """A stored annotation; a human one comes with its submitted assignment unless `assigned` is false."""
    if kind == Annotation.Kind.HUMAN and assigned and "assignment" not in fields:
        fields["assignment"] = assignment_make(document, author)
    annotation = Annotation.objects.create(
        organization_id=document.organization_id,
        project=document.project,
        document=document,
        author=author,
        kind=kind,
        **fields,
    )
    labels = {label.name: label for label in document.project.labels.all()}
    for item in spans:
        span = item if isinstance(item, LabelledSpan) else LabelledSpan(*item)
        Span.objects.create(
            organization_id=document.organization_id,
            annotation=annotation,
            label=labels[span.label],
            start=span.start,
            end=span.end,
        )
    return annotation


def run_make(project: Project, **fields: Any) -> TrainingRun:
    """A finished run unless told otherwise."""
    fields = {"status": TrainingRun.Status.READY, "reason": "asked for"} | fields
    return TrainingRun.objects.create(organization_id=project.organization_id, project=project, **fields)


def model_version_make(project: Project, **fields: Any) -> ModelVersion:
    """A version as the engine leaves it, but without an artefact on disk."""
    quality = Quality(gold=10, predicted=9, correct=8)
    evaluation = Evaluation(5, quality, {label.name: quality for label in project.labels.all()})
    fields = {
        "number": ModelVersion.objects.filter(project=project).count() + 1,
        "artefact": "nowhere",
        "artefact_sha256": "0" * 64,
        "checkpoint": "minilm",
        "labels": [label.name for label in project.labels.all()],
        "strategy": "default",
        "tier": Tier.FAST,
        "metrics": evaluation.as_dict(),
        "train_documents": 20,
        "test_documents": 5,
        "seconds": 12.5,
    } | fields
    return ModelVersion.objects.create(
        organization_id=project.organization_id, project=project, run=run_make(project), **fields
    )


def inference_request_make(version: ModelVersion, user: User, text: str, **fields: Any) -> InferenceRequest:
    return InferenceRequest.objects.create(
        organization_id=version.organization_id,
        project=version.project,
        version=version,
        asked_by=user,
        text=text,
        **fields,
    )


def blind_comparison_make(
    first: ModelVersion, second: ModelVersion, documents: Sequence[Document], **fields: Any
) -> BlindComparison:
    """A comparison whose versions read each document differently: the first finds its first word, the second nothing."""
    fields = {"wanted": len(documents), "candidates": len(documents)} | fields
    comparison = BlindComparison.objects.create(
        organization_id=first.organization_id,
        project=first.project,
        first=first,
        second=second,
        read=len(documents),
        differing=len(documents),
        **fields,
    )
    label = first.project.labels.all()[0].name
    for position, document in enumerate(documents):
        BlindText.objects.create(
            organization_id=first.organization_id,
            comparison=comparison,
            document=document,
            position=position,
            swapped=bool(position % 2),
            is_read=True,
            first_spans=[[*document.tokens[0], label]],
        )
    return comparison


def case_make(document: Document, **fields: Any) -> AdjudicationCase:
    """An open case; the document should have two annotations that differ."""
    fields = {"layers_sha": "0" * 64, "n_groups": 1, "priority": 0.5, "opened_at": now()} | fields
    return AdjudicationCase.objects.create(
        organization_id=document.organization_id, project=document.project, document=document, **fields
    )


def application_make(case: AdjudicationCase, reviewer: User, **fields: Any) -> DecisionApplication:
    """A decision that went nowhere else."""
    fields = {"places": []} | fields
    return DecisionApplication.objects.create(
        organization_id=case.organization_id, project=case.project, case=case, reviewer=reviewer, **fields
    )


def ruling_make(project: Project, asked_by: User, **fields: Any) -> Ruling:
    """An open question of the guideline log."""
    number = Ruling.objects.filter(project=project).count() + 1
    fields = {"number": number, "question": "Are ships organisations?"} | fields
    return Ruling.objects.create(organization_id=project.organization_id, project=project, asked_by=asked_by, **fields)


def consensus_make(document: Document, **fields: Any) -> ConsensusRun:
    """A finished run that holds one document, with a span over its first word."""
    moment = now()
    fields = {"number": 1, "method": "vote", "documents": 1, "watermark": 0, "thirds": [0.5, 0.5]} | fields
    run = ConsensusRun.objects.create(
        organization_id=document.organization_id,
        project=document.project,
        data_sha="0" * 64,
        created_at=moment,
        finished_at=moment,
        **fields,
    )
    start, end = document.tokens[0]
    span = {"start": start, "end": end, "label": document.project.labels.all()[0].name, "confidence": 0.5}
    ConsensusDocument.objects.create(
        organization_id=document.organization_id,
        run=run,
        document=document,
        spans=[span | {"supporters": [], "against": []}],
        people=2,
        uncertainty=0.5,
        layers_sha="0" * 64,
    )
    return run


def thread_make(document: Document, annotator: User, body: str = "Is this a name?", **fields: Any) -> Thread:
    """A conversation the annotator has begun about their work on the document."""
    thread = Thread.objects.create(
        organization_id=document.organization_id,
        project=document.project,
        document=document,
        annotator=annotator,
        **fields,
    )
    Comment.objects.create(organization_id=document.organization_id, thread=thread, author=annotator, body=body)
    return thread
