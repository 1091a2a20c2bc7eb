"""Choosing one's own keys, without any script."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from annotation.models import KeyChoice
from annotation.selectors.keys import commands
from annotation.services.queue import queue_extend
from daner_site.accounts.models import User
from tests.cast import Cast
from tests.factories import documents_make


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def keys_url(cast: Cast) -> str:
    return reverse("annotation:keys", args=[cast.org_a.slug])


def labels_url(cast: Cast) -> str:
    return reverse("annotation:label_keys", args=[cast.org_a.slug, cast.project_a.uuid])


def standard(**changes: str) -> dict[str, str]:
    """What the form posts when nobody changed anything."""
    form = {}
    for command in commands():
        first, second, *_ = [*("Space" if key == " " else key for key in command.keys), "", ""]
        form |= {command.name: first, f"{command.name}-2": second}
    return form | changes


def workspace(cast: Cast, user: User) -> dict[str, Any]:
    documents_make(cast.project_a, 2)
    queue_extend(project=cast.project_a)
    found = signed_in(user).get(reverse("annotation:annotate", args=[cast.org_a.slug, cast.project_a.uuid]))
    return found.context["workspace"]


def label_fields(cast: Cast, **keys: str) -> dict[str, str]:
    return {f"label-{label.pk}": keys.get(label.name, label.key) for label in cast.project_a.labels.all()}


def test_saved_keys_reach_the_annotation_page_of_that_person_alone(cast: Cast) -> None:
    client = signed_in(cast.bob)
    answer = client.post(keys_url(cast), standard(skip="j", **{"skip-2": "ctrl+down"}))
    assert (answer.status_code, answer["Location"]) == (302, keys_url(cast))
    assert workspace(cast, cast.bob)["keys"] == {"skip": ["j", "Mod+ArrowDown"]}
    assert workspace(cast, cast.ben)["keys"] == {}
    page = client.get(keys_url(cast))
    assert 'value="Ctrl+ArrowDown"' in page.text
    assert "yours" in page.text


def test_a_conflict_is_refused_naming_the_other_action_and_nothing_is_saved(cast: Cast) -> None:
    answer = signed_in(cast.bob).post(keys_url(cast), standard(skip="Delete"))
    assert answer.status_code == 422
    assert "Delete is already the key of “Remove the span, or refuse the suggestion”." in answer.text
    assert 'value="Delete"' in answer.text
    assert not KeyChoice.objects.exists()


def test_what_is_no_key_is_refused_at_its_field(cast: Cast) -> None:
    answer = signed_in(cast.bob).post(keys_url(cast), standard(skip="<b>"))
    assert answer.status_code == 422
    assert "“&lt;b&gt;” is no key." in answer.text
    assert not KeyChoice.objects.exists()


def test_resetting_brings_the_standard_keys_back(cast: Cast) -> None:
    client = signed_in(cast.bob)
    client.post(keys_url(cast), standard(skip="J"))
    client.post(keys_url(cast), {"action": "reset"})
    assert workspace(cast, cast.bob)["keys"] == {}


def test_only_what_differs_is_kept(cast: Cast) -> None:
    signed_in(cast.bob).post(keys_url(cast), standard(skip="J"))
    assert KeyChoice.objects.get().keys == {"skip": ["J", "S"]}


def test_label_keys_are_ones_own_in_that_project(cast: Cast) -> None:
    names = [label.name for label in cast.project_a.labels.all()]
    client = signed_in(cast.bob)
    assert client.post(labels_url(cast), label_fields(cast, **{names[0]: "7"})).status_code == 302
    mine = {label["name"]: label["key"] for label in workspace(cast, cast.bob)["labels"]}
    theirs = {label["name"]: label["key"] for label in workspace(cast, cast.ben)["labels"]}
    assert mine[names[0]] == "7"
    assert theirs[names[0]] != "7"
    assert {name: key for name, key in mine.items() if name != names[0]} == {
        name: key for name, key in theirs.items() if name != names[0]
    }
    client.post(labels_url(cast), {"action": "reset"})
    assert {label["name"]: label["key"] for label in workspace(cast, cast.bob)["labels"]} == theirs


def test_two_labels_with_one_key_are_refused_naming_the_other(cast: Cast) -> None:
    first, second = [label.name for label in cast.project_a.labels.all()][:2]
    answer = signed_in(cast.bob).post(labels_url(cast), label_fields(cast, **{first: "7", second: "7"}))
    assert answer.status_code == 422
    assert f"“7” is already the key of {second}." in answer.text
    assert f"“7” is already the key of {first}." in answer.text
    assert not KeyChoice.objects.exists()


def test_a_label_key_that_a_command_has_says_what_the_command_keeps(cast: Cast) -> None:
    name = cast.project_a.labels.all()[0].name
    client = signed_in(cast.bob)
    client.post(labels_url(cast), label_fields(cast, **{name: "a"}))
    assert "“Accept the suggestion at the caret and go to the next” keeps Space." in client.get(labels_url(cast)).text


@pytest.mark.parametrize("method", ["put", "delete"])
def test_other_methods_are_not_known(cast: Cast, method: str) -> None:
    assert getattr(signed_in(cast.bob), method)(keys_url(cast)).status_code == 405


def test_outsiders_see_nothing(cast: Cast) -> None:
    assert signed_in(cast.charlie).get(keys_url(cast)).status_code == 404
    assert signed_in(cast.charlie).get(labels_url(cast)).status_code == 404
    assert signed_in(cast.vic).get(labels_url(cast)).status_code == 403
