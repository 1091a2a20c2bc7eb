"""The gate of every API call: sign in, find the organisation or project, ask for the permission.

An outsider gets 404, an insider without the right 403, nobody 401. A token opens the organisation
it was made in and no other, whatever else its person belongs to.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponseBase
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import api_view, parser_classes, throttle_classes
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle, UserRateThrottle
from rest_framework.views import APIView

from annotation.access import project_context, require
from annotation.domain.permissions import Permission
from daner_site.accounts.access import organization_for
from daner_site.accounts.models import ApiToken
from daner_site.api.parsing import BoundedJSONParser

log = logging.getLogger(__name__)

Gate = Callable[..., HttpResponseBase]


class Throttle(UserRateThrottle):
    """Counted in the cache. One that is down stops nobody, as with sign-in."""

    def allow_request(self, request: Request, view: APIView) -> bool:
        try:
            return super().allow_request(request, view)
        except Exception:
            log.exception("call not counted scope=%s", self.scope)
            return True


class InferThrottle(Throttle):
    """Questions to a model."""

    scope = "infer"
    rate = "60/min"


class HeavyThrottle(Throttle):
    """What starts work in the background or reads a whole project."""

    scope = "heavy"
    rate = "30/min"


def organization_api(**schema: Any) -> Callable[[Callable[..., Any]], Gate]:
    """A GET on an organisation; the view gets an `OrganizationContext`."""

    def decorate(view: Callable[..., Any]) -> Gate:
        @functools.wraps(view)
        def call(request: Request, org: str) -> Any:
            ctx = organization_for(request.user, org)
            if ctx is None or not _token_fits(request, ctx.organization.pk):
                raise Http404
            return view(request, ctx)

        gate = _finish(call, ("GET",), (), schema)
        gate.organization = "member"  # type: ignore[attr-defined]  # read by the tenancy test
        return gate

    return decorate


def project_api(
    permission: Permission,
    *,
    methods: Sequence[str] = ("GET",),
    throttles: Sequence[type[BaseThrottle]] = (),
    **schema: Any,
) -> Callable[[Callable[..., Any]], Gate]:
    """A call on a project; the view gets a `ProjectContext`.

    Args:
        throttles: rate limits by person.
        schema: what drf-spectacular's `extend_schema` takes; `each`: more of it by method, for a call that
            takes several.
    """

    def decorate(view: Callable[..., Any]) -> Gate:
        @functools.wraps(view)
        def call(request: Request, org: str, project: UUID, **kwargs: Any) -> Any:
            ctx = project_context(request.user, org, project)
            if ctx is None or not _token_fits(request, ctx.organization.pk):
                raise Http404
            require(ctx, permission)
            return view(request, ctx, **kwargs)

        gate = _finish(call, methods, throttles, schema)
        gate.permission = permission  # type: ignore[attr-defined]  # read by the tenancy test
        return gate

    return decorate


def _token_fits(request: Request, organization_id: int) -> bool:
    return not isinstance(request.auth, ApiToken) or request.auth.organization_id == organization_id


def _finish(
    call: Callable[..., Any],
    methods: Sequence[str],
    throttles: Sequence[type[BaseThrottle]],
    schema: dict[str, Any],
) -> Gate:
    view = api_view(list(methods))(parser_classes([BoundedJSONParser])(throttle_classes(list(throttles))(call)))
    words = " ".join((call.__doc__ or "").split())
    described: dict[str, Any] = {
        "operation_id": call.__name__,
        "tags": [call.__module__.rpartition(".")[2]],
        "summary": words.partition(". ")[0].rstrip("."),
        "description": words,
    }
    each: dict[str, dict[str, Any]] = schema.pop("each", {})
    gate: Gate = extend_schema(**described, **schema)(view)
    for method, more in each.items():
        named = {"operation_id": f"{call.__name__}_{method.lower()}", "methods": [method]}
        gate = extend_schema(**described | schema | named | more)(gate)
    return gate
