"""The demo organisation: complete, learnable, and with random passwords."""

from __future__ import annotations

import pytest
from django.contrib.auth import authenticate
from django.core.management import CommandError, call_command
from django.test import override_settings

from annotation.demo import load_demo
from annotation.models import Annotation, Assignment, Project
from annotation.selectors.layers import layers_of
from annotation.selectors.training import test_set as gold_of_the_test_split
from annotation.selectors.training import training_set
from annotation.services.seeding import demo_seed

pytestmark = pytest.mark.django_db


def test_the_demo_has_people_texts_and_two_annotators_who_do_not_always_agree() -> None:
    corpus = load_demo()
    logins = demo_seed(corpus=corpus)
    assert [login.username for login in logins] == ["maya", "ana", "ben", "rita"]
    assert all(authenticate(username=one.username, password=one.password) for one in logins)
    project = Project.objects.get()
    assert project.documents.count() == len(corpus.pool) + len(corpus.test)
    assert len(gold_of_the_test_split(project)) == len(corpus.test)
    assert len(training_set(project)) == 90
    both = list(layers_of(project, at_least=2))
    assert len(both) == 60
    disagreeing = [item for item in both if item.layers[0].spans != item.layers[1].spans]
    assert 15 <= len(disagreeing) <= 30
    assert not Assignment.objects.exclude(status="submitted").exists()
    assert Annotation.objects.filter(kind="human").count() == 150


def test_what_the_annotators_wrote_is_what_the_corpus_says() -> None:
    corpus = load_demo()
    demo_seed(corpus=corpus)
    stored = {
        (item.text, layer.author_name.split()[0].lower()): {(s.start, s.end, s.label) for s in layer.spans}
        for item in layers_of(Project.objects.get(), at_least=1)
        for layer in item.layers
    }
    wanted = {
        (corpus.pool[index].text, name): set(spans)
        for name, work in corpus.work.items()
        for index, spans in work.items()
    }
    assert stored == wanted


def test_passwords_differ_from_one_installation_to_the_next(tmp_path: object) -> None:
    with override_settings(VAR=tmp_path):
        call_command("seed_demo", "--quiet")
        file = tmp_path / "demo-logins.txt"  # type: ignore[operator]
        assert file.stat().st_mode & 0o077 == 0
        first = file.read_text()
        with pytest.raises(CommandError, match="exists already"):
            call_command("seed_demo", "--quiet")
        assert file.read_text() == first
    passwords = [line.split()[1] for line in first.splitlines()]
    assert len(set(passwords)) == 4
