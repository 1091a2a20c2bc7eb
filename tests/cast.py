"""The people every access test is about; use the fixture `cast`.

| name | organisation | there | in `project_a` |
|---|---|---|---|
| alice | A, Harbour Desk | owner | manager |
| bob, ben | A | member | annotator |
| dora | A | member | reviewer |
| vic | A | member | viewer |
| olga | A | member | nothing |
| charlie | B, Cedar Lab | owner | (owns `project_b`) |
"""

from __future__ import annotations

from dataclasses import dataclass

from annotation.domain.permissions import ProjectRole
from annotation.models import Project
from daner_site.accounts.models import Organization, OrganizationRole, User
from tests.factories import membership_make, organization_make, project_make, project_member_make, user_make

ROLES: dict[str, ProjectRole | None] = {
    "alice": ProjectRole.MANAGER,
    "bob": ProjectRole.ANNOTATOR,
    "ben": ProjectRole.ANNOTATOR,
    "dora": ProjectRole.REVIEWER,
    "vic": ProjectRole.VIEWER,
    "olga": None,
}


@dataclass(frozen=True)
class Cast:
    alice: User
    bob: User
    ben: User
    dora: User
    vic: User
    olga: User
    charlie: User
    org_a: Organization
    org_b: Organization
    project_a: Project
    project_b: Project

    def user(self, name: str) -> User:
        user = getattr(self, name)
        assert isinstance(user, User)
        return user


def cast_make() -> Cast:
    people = {name: user_make(name, display_name=name.capitalize()) for name in (*ROLES, "charlie")}
    org_a = organization_make("Harbour Desk", owner=people["alice"])
    org_b = organization_make("Cedar Lab", owner=people["charlie"])
    project_a = project_make(org_a, people["alice"], name="Harbour reports")
    for name, role in ROLES.items():
        if name != "alice":
            membership_make(org_a, people[name], OrganizationRole.MEMBER)
            if role is not None:
                project_member_make(project_a, people[name], role)
    project_b = project_make(org_b, people["charlie"], name="Cedar letters")
    return Cast(org_a=org_a, org_b=org_b, project_a=project_a, project_b=project_b, **people)
