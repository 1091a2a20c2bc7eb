"""What helps to decide: the same words in gold elsewhere, and what the guideline says of the labels."""

from __future__ import annotations

import pytest

from annotation.models import Guideline
from quality.models import AdjudicationCase
from quality.selectors.content import case_content
from quality.selectors.evidence import Evidence, case_evidence
from tests import factories
from tests.services.test_quality_cases import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    world = World()
    world.annotate()
    world.case()
    return world


def evidence(world: World) -> Evidence:
    case = AdjudicationCase.objects.get(document=world.document)
    return case_evidence(case, case_content(world.document))


def gold(world: World, text: str, words: str, label: str) -> None:
    at = text.index(words)
    factories.annotation_make(
        factories.document_make(world.project, text), world.manager, [(at, at + len(words), label)], kind="gold"
    )


def test_the_same_words_are_counted_by_label_in_the_gold_of_other_documents(world: World) -> None:
    for text in ("\U0001f600 Geoffrey Everest Hinton spoke.", "Geoffrey Everest Hinton"):
        gold(world, text, "Geoffrey Everest Hinton", "PERSON")
    gold(world, "Geoffrey Everest Hinton, again", "Geoffrey Everest Hinton", "NORP")
    gold(world, "Geoffrey Everest", "Geoffrey", "PERSON")
    # Neither its own gold, nor gold that was replaced, nor another project's.
    factories.annotation_make(world.document, world.manager, [(0, 23, "DATE")], kind="gold")
    factories.annotation_make(
        factories.document_make(world.project, world.document.text + " Again."),
        world.manager,
        [(0, 23, "DATE")],
        kind="gold",
        current=False,
    )
    gold(World(), "Geoffrey Everest Hinton", "Geoffrey Everest Hinton", "DATE")
    name, date = evidence(world).places
    assert [(label, number) for label, _, number in name.labels] == [("PERSON", 2), ("NORP", 1)]
    assert date.labels == ()


def test_the_guideline_is_quoted_for_the_labels_somebody_wrote(world: World) -> None:
    Guideline.objects.create(
        organization=world.project.organization,
        project=world.project,
        version=1,
        body="# Labels\n\nMark every **DATE**.\n\nUPDATED texts count.\n- DATE: *May 1947*,\n  with the year\n- NORP\n\nA person has a name.",
        author=world.manager,
    )
    found = {item.label.name: item.excerpts for item in evidence(world).guide}
    assert found == {
        "PERSON": ("A person has a name.",),  # as it is not written in capitals anywhere
        "CARDINAL": (),
        "DATE": ("Mark every DATE.", "DATE: May 1947, with the year"),
    }
