"""The organisation's table and the project's overview."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from annotation.models import Span
from daner_site.accounts.models import User
from tests.cast import Cast
from tests.factories import annotation_make, document_make, documents_make, project_make


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def url(cast: Cast) -> str:
    return reverse("pages:organization", args=[cast.org_a.slug])


def test_an_owner_sees_all_projects_with_their_figures(cast: Cast, url: str) -> None:
    project_make(cast.org_a, cast.alice, name="Second job")
    annotation_make(document_make(cast.project_a), cast.bob)
    documents_make(cast.project_a, 3)
    answer = signed_in(cast.alice).get(url)
    lines = {line.project.name: line for line in answer.context["projects"]}
    assert set(lines) == {"Harbour reports", "Second job"}
    assert (lines["Harbour reports"].progress.labelled, lines["Harbour reports"].progress.documents) == (1, 4)
    assert lines["Second job"].progress.documents == 0
    assert answer.context["members"] == 6
    assert answer.context["running"] == answer.context["conflicts"] == 0


def test_a_member_sees_only_the_projects_they_work_in(cast: Cast, url: str) -> None:
    project_make(cast.org_a, cast.alice, name="Second job")
    for name, projects in (("bob", {"Harbour reports"}), ("olga", set())):
        answer = signed_in(cast.user(name)).get(url)
        assert {line.project.name for line in answer.context["projects"]} == projects
        assert "Second job" not in answer.text


def test_only_administrators_see_how_many_conflicts_are_open(cast: Cast, url: str) -> None:
    assert "Open conflicts" in signed_in(cast.alice).get(url).text
    assert "Open conflicts" not in signed_in(cast.bob).get(url).text


def test_the_live_panel_is_the_table_without_the_page(cast: Cast) -> None:
    answer = signed_in(cast.alice).get(reverse("pages:organization_panel", args=[cast.org_a.slug]))
    assert "Harbour reports" in answer.text
    assert "<html" not in answer.text


def test_a_new_organisation_is_told_what_to_do_first(cast: Cast) -> None:
    cast.project_b.delete()
    answer = signed_in(cast.charlie).get(reverse("pages:organization", args=[cast.org_b.slug]))
    assert "Create your first project" in answer.text
    assert reverse("annotation:project_new", args=[cast.org_b.slug]) in answer.text


@pytest.mark.parametrize(
    ("name", "panels"),
    [
        ("alice", {"progress-panel", "run-panel", "curve-panel", "quality-panel"}),
        ("bob", {"progress-panel", "run-panel", "curve-panel"}),
    ],
)
def test_the_overview_has_the_panels_of_ones_role(cast: Cast, name: str, panels: set[str]) -> None:
    url = reverse("pages:project", args=[cast.org_a.slug, cast.project_a.uuid])
    text = signed_in(cast.user(name)).get(url).text
    for panel in ("progress-panel", "run-panel", "curve-panel", "quality-panel"):
        assert (f'id="{panel}"' in text) == (panel in panels)


def test_a_whole_project_can_be_deleted_with_its_labels_in_use(cast: Cast) -> None:
    annotation_make(document_make(cast.project_a, "Ada met Bo."), cast.bob, [(0, 3, "PER")])
    cast.project_a.delete()
    assert not Span.objects.exists()
    assert User.objects.filter(pk=cast.bob.pk).exists()
