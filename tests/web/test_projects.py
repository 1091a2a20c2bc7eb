"""Project pages: create, settings, labels, guidelines, people."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now

from annotation.models import Label, Project
from annotation.selectors.projects import render_markdown
from daner_site.accounts.models import AuditEvent, User
from tests.cast import Cast
from tests.factories import annotation_make, document_make, documents_make


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def address(cast: Cast, name: str, *args: object) -> str:
    return reverse(f"annotation:{name}", args=[cast.org_a.slug, cast.project_a.uuid, *args])


def settings_data(project: Project, **changes: object) -> dict[str, object]:
    return {
        "name": project.name,
        "description": "",
        "overlap": project.overlap,
        "overlap_percent": 20,
        "overlap_start": 30,
        "overlap_cap": 4,
        "agreement_percent": 60,
        "doubt_percent": 0,
        "lease_minutes": 30,
        "show_suggestions": "on",
        "repeat_percent": 0,
        "repeat_after_days": 14,
        "strategy": "default",
        "diversity": "",
        "cost_unit": "seconds",
        "random_percent": round(100 * project.random_share),
        "probe_documents": 150,
        "checkpoint": "",
        "retrain_after": 20,
        "retrain_quiet_seconds": 60,
    } | changes


def test_a_new_project_needs_a_name_and_labels_and_leads_to_the_import(cast: Cast) -> None:
    url = reverse("annotation:project_new", args=[cast.org_a.slug])
    answer = signed_in(cast.alice).post(url, {"name": "Letters", "labels": "PER, ORG;LOC\nSHIP"})
    project = Project.objects.get(name="Letters")
    assert answer["Location"] == reverse("annotation:import", args=[cast.org_a.slug, project.uuid])
    labels = list(project.labels.all())
    assert [label.name for label in labels] == ["PER", "ORG", "LOC", "SHIP"]
    assert len({label.color for label in labels}) == len({label.key for label in labels}) == 4
    assert AuditEvent.objects.filter(verb="project.create", target_uuid=project.uuid).exists()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"name": "", "labels": "PER"}, "required"),
        ({"name": "Letters", "labels": "PER, PER"}, "Named twice: PER"),
        ({"name": "Letters", "labels": "PER, date of birth"}, "such as date_of_birth"),
        ({"name": "Letters", "labels": " , "}, "required"),
    ],
)
def test_a_bad_project_form_says_what_is_wrong(cast: Cast, data: dict[str, str], message: str) -> None:
    url = reverse("annotation:project_new", args=[cast.org_a.slug])
    answer = signed_in(cast.alice).post(url, data)
    assert answer.status_code == 422
    assert message in answer.text
    assert not Project.objects.filter(name="Letters").exists()


def test_settings_are_saved_and_the_overlap_applied_to_the_pool(cast: Cast) -> None:
    documents_make(cast.project_a, 5)
    data = settings_data(cast.project_a, overlap=3, overlap_percent=100, strategy="margin")
    assert signed_in(cast.alice).post(address(cast, "settings"), data).status_code == 302
    cast.project_a.refresh_from_db()
    assert (cast.project_a.overlap, cast.project_a.overlap_share) == (3, 1.0)
    assert cast.project_a.strategy == "margin"
    assert set(cast.project_a.documents.values_list("overlap_target", flat=True)) == {3}


def test_bad_settings_name_the_field_and_change_nothing(cast: Cast) -> None:
    data = settings_data(cast.project_a, overlap=0, strategy="margin")
    answer = signed_in(cast.alice).post(address(cast, "settings"), data)
    assert answer.status_code == 422
    assert "greater than or equal to 1" in answer.text
    cast.project_a.refresh_from_db()
    assert cast.project_a.strategy == "default"


def test_what_is_set_about_the_order_is_saved(cast: Cast) -> None:
    data = settings_data(cast.project_a, diversity="0.35", cost_unit="words", random_percent=25, probe_documents=40)
    assert signed_in(cast.alice).post(address(cast, "settings"), data).status_code == 302
    project = Project.objects.get(pk=cast.project_a.pk)
    assert (project.diversity, project.cost_unit) == (0.35, "words")
    assert (project.random_share, project.probe_documents) == (0.25, 40)


@pytest.mark.parametrize("wrong", [{"diversity": "1.5"}, {"random_percent": 60}, {"cost_unit": "money"}])
def test_an_order_that_cannot_be_is_refused(cast: Cast, wrong: dict[str, object]) -> None:
    answer = signed_in(cast.alice).post(address(cast, "settings"), settings_data(cast.project_a, **wrong))
    assert answer.status_code == 422
    assert Project.objects.get(pk=cast.project_a.pk).diversity is None


def test_a_share_that_was_not_touched_keeps_its_exact_value(cast: Cast) -> None:
    Project.objects.filter(pk=cast.project_a.pk).update(overlap_share=0.123)
    data = settings_data(cast.project_a, overlap_percent=12)
    signed_in(cast.alice).post(address(cast, "settings"), data)
    cast.project_a.refresh_from_db()
    assert cast.project_a.overlap_share == 0.123


def test_a_used_label_keeps_its_name_and_can_be_retired_and_restored(cast: Cast) -> None:
    document = document_make(cast.project_a, "Ada met Grace.")
    annotation = annotation_make(document, cast.bob, [(0, 3, "PER")])
    label = cast.project_a.labels.get(name="PER")
    client = signed_in(cast.alice)
    data = {"action": "save", "row-name": "PERSON", "row-color": "#112233", "row-key": "p", "row-description": "x"}
    answer = client.post(address(cast, "label", label.pk), data, follow=True)
    assert "is used already" in answer.text
    client.post(address(cast, "label", label.pk), {"action": "retire"})
    label.refresh_from_db()
    assert label.retired_at is not None
    assert annotation.spans.get().label == label
    client.post(address(cast, "label", label.pk), {"action": "restore"})
    label.refresh_from_db()
    assert label.retired_at is None
    client.post(address(cast, "label", label.pk), data | {"row-name": "PER"})
    label.refresh_from_db()
    assert (label.color, label.key, label.description) == ("#112233", "p", "x")


def test_a_label_twice_is_refused_in_words(cast: Cast) -> None:
    client = signed_in(cast.alice)
    data = {"name": "PER", "color": "#112233", "key": "", "description": ""}
    assert "There is a label “PER” already." in client.post(address(cast, "labels"), data).text
    cast.project_a.labels.filter(name="PER").update(retired_at=now())
    assert "already, retired" in client.post(address(cast, "labels"), data).text


def test_two_labels_in_use_never_share_a_key(cast: Cast) -> None:
    Label.objects.filter(project=cast.project_a, name="PER").update(key="p")
    data = {"name": "SHIP", "color": "#112233", "key": "p", "description": ""}
    answer = signed_in(cast.alice).post(address(cast, "labels"), data)
    assert answer.status_code == 422
    assert "Another label has the key “p”." in answer.text
    assert not cast.project_a.labels.filter(name="SHIP").exists()


def test_each_published_guideline_is_a_new_version_and_annotators_read_only(cast: Cast) -> None:
    client, url = signed_in(cast.alice), address(cast, "guidelines")
    for body in ("# Names\n\nMark *names*.", "# Names\n\nMark *names*.", "# Names\n\nMark all."):
        client.post(url, {"body": body})
    assert list(cast.project_a.guidelines.values_list("version", flat=True)) == [2, 1]
    bob = signed_in(cast.bob)
    assert "<h1>Names</h1>" in bob.get(url).text
    assert bob.post(url, {"body": "mine"}).status_code == 403
    assert cast.project_a.guidelines.count() == 2


@pytest.mark.parametrize(
    "attack",
    ["<script>alert(1)</script>", "[x](javascript:alert(1))", '<img src=x onerror="alert(1)">'],
)
def test_guidelines_are_rendered_inert(attack: str) -> None:
    html = render_markdown(f"Hello {attack}")
    assert "Hello" in html
    for danger in ("<script", "<img", 'href="javascript'):
        assert danger not in html


def test_roles_are_given_only_to_members_of_the_organisation(cast: Cast) -> None:
    client, url = signed_in(cast.alice), address(cast, "members")
    assert client.post(url, {"user": cast.charlie.pk, "role": "annotator"}).status_code == 422
    assert client.post(url, {"user": cast.olga.pk, "role": "annotator"}).status_code == 302
    member = cast.project_a.members.get(user=cast.olga)
    client.post(address(cast, "member", member.pk), {"action": "save", f"m{member.pk}-role": "viewer"})
    member.refresh_from_db()
    assert member.role == "viewer"
    client.post(address(cast, "member", member.pk), {"action": "remove"})
    assert not cast.project_a.members.filter(user=cast.olga).exists()


@pytest.mark.parametrize("name", ["settings", "labels", "members"])
@pytest.mark.parametrize(("who", "status"), [("alice", 200), ("bob", 403), ("dora", 403), ("charlie", 404)])
def test_only_managers_open_the_settings(cast: Cast, name: str, who: str, status: int) -> None:
    assert signed_in(cast.user(who)).get(address(cast, name)).status_code == status


def test_the_progress_panel_counts_what_is_there(cast: Cast) -> None:
    documents = documents_make(cast.project_a, 4)
    annotation_make(documents[0], cast.bob)
    annotation_make(documents[1], cast.ben, [(0, 3, "PER")])
    progress = signed_in(cast.alice).get(address(cast, "progress_panel")).context["progress"]
    assert (progress.documents, progress.labelled, progress.done, progress.annotations) == (4, 2, 2, 2)
    assert progress.labelled_percent == 50
