"""Rows of the list of conflicts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from urllib.parse import urlencode

from django.db.models import QuerySet

from annotation.access import ProjectContext
from annotation.models import Project
from annotation.selectors.layers import layers_of
from daner_site.core.sentences import Sentence
from quality.domain.conflicts import CONFLICT_KINDS, Kind
from quality.models import AdjudicationCase
from quality.selectors.cases import cases_listed
from quality.selectors.content import grouped
from quality.selectors.review import GroupRow, group_rows

Status = AdjudicationCase.Status

SHOWN_GROUPS = 4
ORIGINS = {"audit": Sentence("check"), "changed": Sentence("changed since the decision")}

KINDS = [(kind.value, kind.words) for kind in CONFLICT_KINDS]
AGES = [("1", Sentence("a day and more")), ("7", Sentence("a week and more")), ("30", Sentence("a month and more"))]


@dataclass(frozen=True)
class ConflictFilter:
    """What the list is narrowed to; empty for no wish."""

    kind: str
    status: str
    label: str
    age: str

    @classmethod
    def of(cls, project: Project, query: Mapping[str, str]) -> ConflictFilter:
        """From the address; what is not offered counts as no wish."""
        labels = set(project.labels.values_list("name", flat=True))
        wishes = {"kind": dict(KINDS), "status": Status.values, "label": labels, "age": dict(AGES)}
        return cls(**{name: query.get(name, "") if query.get(name) in known else "" for name, known in wishes.items()})

    @property
    def query(self) -> str:
        """For the links of other pages, with an ampersand behind it."""
        return urlencode(asdict(self)) + "&" if any(asdict(self).values()) else ""

    def cases(self, project: Project) -> QuerySet[AdjudicationCase]:
        """What it lets through, in the order of the list."""
        return cases_listed(project, kind=self.kind, status=self.status, label=self.label, days=int(self.age or 0))


@dataclass(frozen=True)
class ConflictRow:
    case: AdjudicationCase
    origin: str
    """Why it is there, where people do not simply differ. A second decision looks like a first one."""
    kinds: tuple[tuple[str, int], ...]
    """(title, how many), frequent ones first"""
    groups: tuple[GroupRow, ...]
    """The first few."""
    more: int


def conflict_rows(ctx: ProjectContext, cases: Sequence[AdjudicationCase]) -> list[ConflictRow]:
    """The cases with what is in dispute, annotators under their letters."""
    documents = {
        item.document_id: item for item in layers_of(ctx.project, document_ids=[case.document_id for case in cases])
    }
    colors = {label.name: label.color for label in ctx.project.labels.all()}
    rows = []
    for case in cases:
        layers = documents.get(case.document_id)
        groups = [row for row in group_rows(grouped(ctx.project, layers), colors) if row.number] if layers else []
        kinds = sorted(case.kinds.items(), key=lambda item: -item[1])
        rows.append(
            ConflictRow(
                case=case,
                origin=ORIGINS.get(case.origin, ""),
                kinds=tuple((Kind(kind).words, count) for kind, count in kinds),
                groups=tuple(groups[:SHOWN_GROUPS]),
                more=max(0, len(groups) - SHOWN_GROUPS),
            )
        )
    return rows
