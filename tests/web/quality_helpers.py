"""The running example with its pages, and people who open them."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from quality.models import AdjudicationCase
from quality.services.agreement import agreement_recompute
from tests.services.test_quality_cases import World


@pytest.fixture
def world() -> World:
    world = World()
    world.annotate()
    return world


@pytest.fixture
def case(world: World) -> AdjudicationCase:
    agreement_recompute(project_id=world.project.pk)
    return world.case()


def address(world: World, name: str, **more: Any) -> str:
    return reverse(name, kwargs={"org": world.project.organization.slug, "project": world.project.uuid, **more})


def case_address(world: World, case: AdjudicationCase) -> str:
    return address(world, "quality:case", case=case.uuid)


def signed_in(client: Client, user: Any) -> Client:
    client.force_login(user)
    return client


def form_of(world: World, case: AdjudicationCase) -> dict[str, str]:
    """What a browser without JavaScript posts for the running example."""
    choices = {f"choice-{decision.group}": decision.choice for decision in world.decisions()}
    return {"version": str(case.version), "payload": "", "comment": "", **choices}
