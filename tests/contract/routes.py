"""Every route of the product and who may use it. A route that is not here fails the tenancy test.

To add a route: put its name into one of the four tables; if it takes a new kind of argument, say in
`world.py` where a real value comes from.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver

from annotation.domain.permissions import Permission

PUBLIC = {
    "healthz",
    "language",
    "words",
    "accounts:home",
    "accounts:login",
    "accounts:logout",
    "accounts:signup",
    "accounts:invite",
    "api:schema",
    "api:docs",
}

SIGNED_IN = {"accounts:organization_new", "accounts:password_change"}

ORGANIZATION = {
    "pages:organization": "member",
    "pages:organization_panel": "member",
    "accounts:members": "member",
    "accounts:invitation_new": "admin",
    "accounts:invitation_revoke": "admin",
    "accounts:member_role": "admin",
    "accounts:member_remove": "admin",
    "accounts:tokens": "member",
    "accounts:token_revoke": "member",
    "annotation:project_new": "admin",
    "annotation:keys": "member",
    "api:projects": "member",
}

PROJECT = {
    "pages:project": Permission.VIEW,
    "annotation:annotate": Permission.ANNOTATE,
    "annotation:ahead": Permission.ANNOTATE,
    "annotation:draft": Permission.ANNOTATE,
    "annotation:history": Permission.ANNOTATE,
    "annotation:pace": Permission.ANNOTATE,
    "annotation:revise": Permission.ANNOTATE,
    "annotation:comments": Permission.VIEW,
    "annotation:comments_unread": Permission.VIEW,
    "annotation:thread": Permission.VIEW,
    "annotation:document_comments": Permission.VIEW,
    "quality:case_comments": Permission.REVIEW,
    "api:comments": Permission.VIEW,
    "api:comment": Permission.VIEW,
    "annotation:progress_panel": Permission.VIEW,
    "annotation:settings": Permission.MANAGE,
    "annotation:label_keys": Permission.ANNOTATE,
    "annotation:labels": Permission.MANAGE,
    "annotation:label": Permission.MANAGE,
    "annotation:guidelines": Permission.VIEW,
    "annotation:members": Permission.MANAGE,
    "annotation:member": Permission.MANAGE,
    "annotation:member_pausing": Permission.MANAGE,
    "annotation:import": Permission.MANAGE,
    "annotation:import_job": Permission.MANAGE,
    "annotation:documents": Permission.VIEW_LAYERS,
    "annotation:document": Permission.VIEW_LAYERS,
    "annotation:export": Permission.EXPORT,
    "annotation:export_file": Permission.EXPORT,
    "activelearning:models": Permission.VIEW,
    "activelearning:model": Permission.VIEW,
    "activelearning:compare": Permission.VIEW,
    "activelearning:model_file": Permission.EXPORT,
    "activelearning:blind_open": Permission.TRAIN,
    "activelearning:blind": Permission.VIEW,
    "activelearning:blind_judge": Permission.REVIEW,
    "activelearning:blind_undo": Permission.REVIEW,
    "activelearning:blind_close": Permission.TRAIN,
    "activelearning:curve_panel": Permission.VIEW,
    "activelearning:run_panel": Permission.VIEW,
    "activelearning:run_start": Permission.TRAIN,
    "activelearning:run_cancel": Permission.TRAIN,
    "activelearning:infer": Permission.INFER,
    "quality:quality": Permission.VIEW_LAYERS,
    "quality:agreement_panel": Permission.VIEW_LAYERS,
    "quality:agreement_file": Permission.VIEW_LAYERS,
    "quality:summary_panel": Permission.VIEW_LAYERS,
    "quality:consensus": Permission.VIEW_LAYERS,
    "quality:consensus_file": Permission.EXPORT,
    "quality:consensus_document": Permission.VIEW_LAYERS,
    "quality:people": Permission.MANAGE,
    "quality:person": Permission.MANAGE,
    "quality:feedback": Permission.ANNOTATE,
    "quality:conflicts": Permission.VIEW_LAYERS,
    "quality:review": Permission.REVIEW,
    "quality:case": Permission.REVIEW,
    "quality:review_queue": Permission.REVIEW,
    "quality:case_evidence": Permission.REVIEW,
    "quality:case_lease": Permission.REVIEW,
    "quality:case_same": Permission.REVIEW,
    "quality:case_apply": Permission.REVIEW,
    "quality:case_apply_undo": Permission.REVIEW,
    "quality:case_reopen": Permission.REVIEW,
    "quality:case_escalate": Permission.REVIEW,
    "quality:case_suggestions": Permission.REVIEW,
    "quality:overlap_panel": Permission.VIEW_LAYERS,
    "quality:outcomes": Permission.VIEW_LAYERS,
    "quality:rulings": Permission.VIEW,
    "quality:ruling": Permission.MANAGE,
    "quality:reviewed": Permission.ANNOTATE,
    "api:project": Permission.VIEW,
    "api:documents": Permission.VIEW_LAYERS,
    "api:imports": Permission.MANAGE,
    "api:import_job": Permission.MANAGE,
    "api:export": Permission.EXPORT,
    "api:models": Permission.VIEW,
    "api:model": Permission.VIEW,
    "api:model_comparison": Permission.VIEW,
    "api:model_file": Permission.EXPORT,
    "api:runs": Permission.TRAIN,
    "api:run": Permission.VIEW,
    "api:infer": Permission.INFER,
    "api:inference": Permission.INFER,
    "api:agreement": Permission.VIEW_LAYERS,
    "api:people": Permission.MANAGE,
}

SOCKETS = {"ws_organization": "member", "ws_project": Permission.VIEW}

OWN_ONLY = {
    "api:inference",
    "api:comment",
    "annotation:draft",
    "annotation:revise",
    "annotation:thread",
    "annotation:document_comments",
    "quality:case_apply_undo",
}
"""Among those with the permission, only whoever made the thing finds it."""

GATES = {**ORGANIZATION, **PROJECT}
CLASSIFIED = PUBLIC | SIGNED_IN | set(GATES)
ARGUMENT = re.compile(r"<(?:(\w+):)?(\w+)>")
Key = tuple[str, str]
"""Converter and name of a path argument: `("uuid", "document")`."""


@dataclass(frozen=True)
class Route:
    name: str
    pattern: str
    view: Callable[..., Any]

    @property
    def arguments(self) -> list[Key]:
        return [(converter or "str", name) for converter, name in ARGUMENT.findall(self.pattern)]

    @property
    def in_project(self) -> bool:
        return ("uuid", "project") in self.arguments

    @property
    def in_organization(self) -> bool:
        return ("slug", "org") in self.arguments

    @property
    def is_api(self) -> bool:
        return self.name.startswith("api:")

    def path(self, values: Mapping[Key, object]) -> str:
        return "/" + ARGUMENT.sub(lambda found: str(values[found[1] or "str", found[2]]), self.pattern)

    def __str__(self) -> str:
        return self.name or self.pattern


def walk(patterns: Iterable[URLPattern | URLResolver], prefix: str = "", space: str = "") -> Iterator[Route]:
    """Every route below `patterns`."""
    for item in patterns:
        pattern = prefix + str(item.pattern)
        if isinstance(item, URLResolver):
            yield from walk(item.url_patterns, pattern, f"{item.namespace}:" if item.namespace else space)
        else:
            yield Route(space + item.name if item.name else "", pattern, item.callback)


def problems(routes: Iterable[Route], known_arguments: Iterable[Key]) -> list[str]:
    """What keeps the routes from being tested, in words; empty when all is well."""
    known, found, seen = set(known_arguments), [], set()
    for route in routes:
        seen.add(route.name)
        if not route.name:
            found.append(f"{route.pattern}: has no name")
        elif route.name not in CLASSIFIED:
            found.append(f"{route}: is not classified in tests/contract/routes.py")
        found += [f"{route}: unknown argument {key}" for key in route.arguments if key not in known]
        found += _wrong_gate(route)
    return found + [f"{name}: classified, but no such route" for name in sorted(CLASSIFIED - seen)]


def _wrong_gate(route: Route) -> Iterator[str]:
    """Double entry: what the table says and what the decorator does must be the same."""
    if route.name in PROJECT or route.in_project:
        if getattr(route.view, "permission", None) != PROJECT.get(route.name, "nothing"):
            yield f"{route}: the gate asks for {getattr(route.view, 'permission', 'nothing')}"
        if not re.match(r"(api/)?o/<slug:org>/p/<uuid:project>/", route.pattern):
            yield f"{route}: {route.pattern} is not below its project"
    elif route.name in ORGANIZATION or route.in_organization:
        if getattr(route.view, "organization", None) != ORGANIZATION.get(route.name, "nothing"):
            yield f"{route}: the gate asks for {getattr(route.view, 'organization', 'nothing')}"
        if not re.match(r"(api/)?o/<slug:org>/", route.pattern):
            yield f"{route}: {route.pattern} is not below its organisation"
    elif route.arguments and route.name != "accounts:invite":
        yield f"{route}: takes arguments, but is open to everybody"
