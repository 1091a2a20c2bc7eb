"""A team at work, for whoever looks at every page: the demo's people and texts, with everything that
happens in a project, beside a project in which nothing has happened yet.

    made = showcase_make()
    made.full.values    what each argument of a path means there, as in tests/contract/world.py
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction

from activelearning.domain.metrics import Evaluation, Quality
from activelearning.models import BlindComparison, InferenceRequest, ModelVersion, TrainingRun
from annotation.access import ProjectContext, project_context
from annotation.demo import DemoCorpus, load_demo
from annotation.domain.permissions import ProjectRole
from annotation.models import Assignment, Document, Project, ProjectMember
from annotation.services.comments import thread_answer, thread_open
from annotation.services.imports import import_check
from annotation.services.pauses import member_pause
from annotation.services.projects import label_add, project_create
from annotation.services.queue import RankedDocument, queue_publish
from annotation.services.seeding import demo_seed
from annotation.services.suggestions import DocumentSuggestion, suggestions_publish
from annotation.services.work import assignment_claim_next
from daner_site.accounts.models import Membership, User
from daner_site.accounts.services.members import invitation_create
from daner_site.accounts.services.tokens import api_token_create
from daner_site.core.clock import now
from quality.domain.adjudication import Decision, Reason
from quality.models import AdjudicationCase, Ruling
from quality.selectors.content import case_content
from quality.services.agreement import agreement_recompute
from quality.services.cases import cases_refresh, priorities_refresh
from quality.services.consensus import consensus_recompute
from quality.services.rulings import ruling_close, ruling_note
from quality.services.settling import case_escalate, case_resolve
from tests.contract.routes import Key
from tests.factories import (
    blind_comparison_make,
    inference_request_make,
    membership_make,
    model_version_make,
    project_member_make,
    run_make,
    user_make,
)

LONG_NAME = "Minutes of the Inter-Municipal Working Party on Shoreline Infrastructure, 2019 to 2026"
ROWS = '{"text": "Mara Lind spoke in Varn.", "spans": [{"start": 0, "end": 9, "label": "PER"}]}\n{"text": 5}\n'


@dataclass(frozen=True)
class Place:
    """A project and what the arguments of its paths stand for."""

    project: Project
    values: Mapping[Key, object]


@dataclass(frozen=True)
class Showcase:
    full: Place
    empty: Place


@transaction.atomic
def showcase_make() -> Showcase:
    """Deterministic but for passwords and ids; trains nothing."""
    corpus = load_demo()
    demo_seed(corpus=corpus)
    project = Project.objects.get()
    # Whatever a site of its own would do by itself now, it would do to these figures too.
    Project.objects.update(retrain_after=1_000_000, retrain_quiet_seconds=86_400, show_suggestions=True)
    project.refresh_from_db()
    people = {user.username: user for user in User.objects.all()}
    _staff(project, people)
    versions = _versions(project)
    _queue(project, corpus, versions[-1])
    cases = _quality(project, people)
    ana, maya = _as("ana", project), _as("maya", project)
    held = assignment_claim_next(ctx=ana)
    assert held is not None
    comparison = blind_comparison_make(
        versions[-2], versions[-1], list(project.documents.filter(split="pool")[80:86]), status="open"
    )
    question = _question(versions[-1], people["maya"])
    values = (
        _of_organization(project, people)
        | _of_work(project, ana, cases[0])
        | {
            ("uuid", "project"): project.uuid,
            ("uuid", "model"): versions[-1].uuid,
            ("uuid", "other"): versions[-2].uuid,
            ("uuid", "comparison"): comparison.uuid,
            ("uuid", "question"): question.uuid,
            ("uuid", "run"): TrainingRun.objects.filter(status="running").get().uuid,
            ("uuid", "job"): import_check(
                project=project, author=maya.user, content=ROWS, filename="minutes-2026.jsonl"
            ).uuid,
            ("int", "label"): project.labels.all()[0].pk,
        }
    )
    return Showcase(Place(project, values), _empty(project, people["maya"], values))


def _as(name: str, project: Project) -> ProjectContext:
    ctx = project_context(User.objects.get(username=name), project.organization.slug, project.uuid)
    assert ctx is not None
    return ctx


def _staff(project: Project, people: dict[str, User]) -> None:
    """Somebody who is paused, and somebody with a name that fills a line."""
    for username, name in (
        ("otto", "Otto Finke"),
        ("theophrasta", "Dr. Theophrasta Wolfeschlegelsteinhausen-Bergerdorff"),
    ):
        people[username] = user_make(username, display_name=name)
        membership_make(project.organization, people[username])
        project_member_make(project, people[username], ProjectRole.ANNOTATOR)
    member_pause(
        ctx=_as("maya", project),
        member=ProjectMember.objects.get(project=project, user=people["otto"]),
        reason="We talk about places inside company names first.",
    )


def _versions(project: Project) -> list[ModelVersion]:
    names = [label.name for label in project.labels.all()]
    versions = []
    for number, correct in enumerate((120, 171, 196, 204), 1):
        quality = Quality(gold=240, predicted=232, correct=correct)
        part = Quality(gold=60, predicted=58, correct=correct // 4)
        versions.append(
            model_version_make(
                project,
                active=number == 4,
                labels=names,
                metrics=Evaluation(100, quality, dict.fromkeys(names, part)).as_dict(),
                train_documents=30 * number,
                train_words=700 * number,
                test_documents=100,
            )
        )
    TrainingRun.objects.filter(version__in=versions).update(reason="25 newly labelled documents.")
    run_make(project, status="failed", reason="Asked for by Maya.", error="The worker ran out of memory.")
    run_make(
        project,
        status="running",
        stage="fit",
        reason="25 newly labelled documents.",
        progress={"done": 140, "total": 400, "loss": 0.21},
        owner="showcase",
        lease_until=now() + timedelta(days=1),  # so that no worker takes it over
    )
    return versions


def _queue(project: Project, corpus: DemoCorpus, version: ModelVersion) -> None:
    """An order by the newest model, and its proposals: the corpus' own spans, some of them weak."""
    by_text = {item.text: item for item in corpus.pool}
    open_ones = [doc for doc in project.documents.filter(split="pool") if not doc.assignments.exists()]
    rich = sorted(open_ones, key=lambda doc: -len(by_text[doc.text].spans))
    queue_publish(
        project=project,
        ranked=[RankedDocument(doc.uuid, score=1 / (1 + place)) for place, doc in enumerate(rich)],
        strategy="mnlp",
        model_uuid=version.uuid,
        model_name=version.name,
    )
    suggestions_publish(
        project=project,
        model_uuid=version.uuid,
        model_name=version.name,
        suggestions=[
            DocumentSuggestion(
                doc.uuid,
                [
                    {"start": start, "end": end, "label": label, "confidence": 0.97 - 0.17 * (number % 4)}
                    for number, (start, end, label) in enumerate(by_text[doc.text].spans)
                ],
            )
            for doc in rich[:60]
        ],
    )


def _quality(project: Project, people: Mapping[str, User]) -> Sequence[AdjudicationCase]:
    """Conflicts: most open, some decided, one passed on; agreement, consensus, the guideline log."""
    for document in project.documents.filter(overlap_target=2):
        cases_refresh(document_id=document.pk)
    priorities_refresh(project_id=project.pk)
    rita = _as("rita", project)
    cases = list(AdjudicationCase.objects.filter(status="open").order_by("-priority", "pk"))
    for number, case in enumerate(cases[-8:]):
        decisions = [
            Decision(group.id, "1", reason=Reason.GUIDELINE if number == 0 else Reason.SLIP)
            for group in case_content(case.document).groups
            if group.open
        ]
        comment = "A ship's name is no product here." if number == 0 else "The title stays outside."
        case_resolve(ctx=rita, case=case, version=case.version, decisions=decisions, comment=comment, seconds=21)
    passed = cases[1]
    case_escalate(ctx=rita, case=passed, version=passed.version, note="Is a port authority a place or an organisation?")
    answered = ruling_note(ctx=rita, question="Do titles belong to a name?", string="Captain")
    ruling_close(ctx=_as("maya", project), ruling=answered, text="No: mark the name alone, without title or rank.")
    agreement_recompute(project_id=project.pk)
    consensus_recompute(project_id=project.pk)
    return list(AdjudicationCase.objects.filter(status="open").order_by("-priority", "pk"))


def _question(version: ModelVersion, user: User) -> InferenceRequest:
    text = "Mara Lind of the Osterby Port Authority brought Tideline 4.2 to Varn."
    spans = [(0, 9, "PER"), (17, 39, "ORG"), (48, 60, "PRODUCT"), (64, 68, "LOC")]
    return inference_request_make(
        version,
        user,
        text,
        status="done",
        spans=[{"start": s, "end": e, "label": label, "confidence": 0.93} for s, e, label in spans],
        scores={"mnlp": 0.1042, "n_words": 13},
    )


def _of_organization(project: Project, people: Mapping[str, User]) -> dict[Key, object]:
    organization = project.organization
    owner = Membership.objects.get(organization=organization, user=people["maya"])
    invitation, secret = invitation_create(
        organization=organization, actor=owner, email="new.colleague@example.org", role="member"
    )
    token, _ = api_token_create(member=owner, name="nightly export")
    return {
        ("slug", "org"): organization.slug,
        ("uuid", "invitation"): invitation.uuid,
        ("str", "token"): secret,
        ("uuid", "token"): token.uuid,
        ("uuid", "member"): Membership.objects.get(organization=organization, user=people["ana"]).uuid,
    }


def _of_work(project: Project, ana: ProjectContext, case: AdjudicationCase) -> dict[Key, object]:
    """Ana's documents and what she and the reviewer say about one of them."""
    own = Assignment.objects.filter(annotator=ana.user, status="submitted")
    turn = own.filter(document__overlap_target=2).order_by("pk")[0]
    document: Document = turn.document
    start, end = document.tokens[0][0], document.tokens[1][1]
    thread = thread_open(
        ctx=ana, document=document, body="Is the quay part of the name? @reviewers", flagged=True, start=start, end=end
    )
    thread_answer(ctx=_as("rita", project), thread_uuid=thread.uuid, body="No. See the second rule of the guideline.")
    thread_open(ctx=ana, document=own.order_by("pk")[5].document, body="This text seems to be cut off in the middle.")
    ruling = Ruling.objects.filter(project=project, ruled_at=None)[0]
    member = ProjectMember.objects.get(project=project, user__username="otto")
    comparison_text = BlindComparison.objects.filter(project=project)[0].texts.all()[0].uuid
    return {
        ("uuid", "document"): document.uuid,
        ("uuid", "assignment"): turn.uuid,
        ("uuid", "thread"): thread.uuid,
        ("uuid", "case"): case.uuid,
        ("uuid", "ruling"): ruling.uuid,
        ("int", "member"): member.pk,
        ("int", "annotator"): ana.user.pk,
        ("uuid", "blind_text"): comparison_text,
    }


def _empty(project: Project, manager: User, values: Mapping[Key, object]) -> Place:
    """A project as it is in its first minute, under a name that is far too long."""
    empty = project_create(
        organization=project.organization,
        author=manager,
        name=LONG_NAME,
        description="Nobody has added a text yet.",
    )
    label_add(project=empty, name="PERSON_OR_FAMILY_OF_PERSONS", key="p")
    for name, role in (("ana", ProjectRole.ANNOTATOR), ("rita", ProjectRole.REVIEWER)):
        project_member_make(empty, User.objects.get(username=name), role)
    kept = {key: value for key, value in values.items() if key[1] in ("org", "label")}
    return Place(empty, kept | {("uuid", "project"): empty.uuid, ("int", "label"): empty.labels.get().pk})
