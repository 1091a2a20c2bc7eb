"""What goes out: the right layers, and a file that brings everything back."""

from __future__ import annotations

import json

import pytest

from annotation.domain.formats import PRINTERS, ImportOptions
from annotation.domain.spans import LabelledSpan
from annotation.models import Annotation, Project, Suggestion
from annotation.services import exports
from annotation.services.exports import LAYERS, export_open, export_parts
from daner_site.accounts.models import AuditEvent, User
from tests.cast import Cast
from tests.factories import annotation_make, document_make
from tests.services.import_helpers import ODD_TEXTS, imported, jsonl, shared_data, state_of
from tests.services.test_work import context


@pytest.fixture
def project(cast: Cast) -> Project:
    return cast.project_a


def exported(project: Project, layer: str, fmt: str) -> str:
    return "".join(export_parts(project, layer=layer, fmt=fmt))


def rows(project: Project, layer: str) -> list[dict]:
    return [json.loads(line) for line in exported(project, layer, "jsonl").splitlines()]


@pytest.fixture
def labelled(project, cast) -> Project:
    """Four texts: one open, one with two people's work, one with gold too, one a model's."""
    document_make(project, "Nobody yet")
    both = document_make(project, "Ada met Bob", overlap_target=2)
    annotation_make(both, cast.bob, [(0, 3, "PER")])
    annotation_make(both, cast.ben, [(0, 3, "PER"), (8, 11, "PER")])
    gold = document_make(project, "Oslo is far", split="test")
    annotation_make(gold, cast.bob, [])
    annotation_make(gold, cast.dora, [(0, 4, "LOC")], kind=Annotation.Kind.GOLD)
    guessed = document_make(project, "Ada in Oslo")
    Suggestion.objects.create(
        organization_id=project.organization_id,
        project=project,
        document=guessed,
        model_uuid=project.uuid,
        model_name="v3",
        spans=[{"start": 0, "end": 3, "label": "PER", "confidence": 0.75}],
    )
    return project


def test_each_layer_goes_out_alone(labelled):
    [gold] = rows(labelled, "gold")
    assert gold["gold"] == [{"start": 0, "end": 4, "label": "LOC"}]
    assert not {"annotations", "model"} & set(gold)

    people = rows(labelled, "annotators")
    assert [row["text"] for row in people] == ["Ada met Bob", "Oslo is far"]
    assert [item["annotator"] for item in people[0]["annotations"]] == ["Bob", "Ben"]
    assert people[1]["annotations"] == [{"annotator": "Bob", "spans": []}]
    assert not any({"gold", "model"} & set(row) for row in people)

    [model] = rows(labelled, "model")
    assert model["model"] == {
        "name": "v3",
        "spans": [{"start": 0, "end": 3, "label": "PER", "confidence": 0.75}],
    }
    assert "gold" not in model

    everything = rows(labelled, "all")
    assert [row["text"] for row in everything] == ["Nobody yet", "Ada met Bob", "Oslo is far", "Ada in Oslo"]
    assert [row["gold"] is None for row in everything] == [True, True, False, True]


def test_superseded_annotations_stay_at_home(project, cast):
    document = document_make(project, "Ada met Bob")
    annotation_make(document, cast.bob, [(0, 3, "LOC")], current=False)
    annotation_make(document, cast.bob, [(0, 3, "PER")], assigned=False, revision=2)
    [row] = rows(project, "annotators")
    assert row["annotations"] == [{"annotator": "Bob", "spans": [{"start": 0, "end": 3, "label": "PER"}]}]


def test_two_people_of_one_name_stay_two(project, cast):
    User.objects.filter(pk=cast.ben.pk).update(display_name="Bob")
    document = document_make(project, "Ada met Bob", overlap_target=2)
    annotation_make(document, cast.bob, [(0, 3, "PER")])
    annotation_make(document, cast.ben, [])
    [row] = rows(project, "annotators")
    assert {item["annotator"] for item in row["annotations"]} == {"Bob (bob)", "Bob (ben)"}


def test_a_plain_gold_file_is_two_columns(labelled):
    text = exported(labelled, "gold", "conll")
    assert "\nOslo\tB-LOC\nis\tO\nfar\tO\n\n" in text
    assert "columns_json" not in text


def test_several_layers_stand_in_columns_side_by_side(labelled):
    text = exported(labelled, "annotators", "conll")
    assert '# columns_json = ["token", "annotator:Bob", "annotator:Ben"]' in text
    assert "\nAda\tB-PER\tB-PER\nmet\tO\tO\nBob\tO\tB-PER\n" in text


def test_an_export_of_many_documents_is_read_in_batches_and_complete(
    project, monkeypatch, django_assert_max_num_queries
):
    monkeypatch.setattr(exports, "BATCH", 4)
    imported(project, "\n".join(f"text number {n}" for n in range(10)))
    parts = list(export_parts(project, layer="all", fmt="jsonl"))
    assert [part.count("\n") for part in parts] == [4, 4, 2]
    assert [json.loads(line)["text"] for line in "".join(parts).splitlines()] == [f"text number {n}" for n in range(10)]
    monkeypatch.setattr(exports, "BATCH", 300)
    with django_assert_max_num_queries(8):
        exported(project, "all", "jsonl")


def test_an_export_is_named_after_the_project_and_the_day_and_leaves_a_trace(labelled, cast):
    Project.objects.filter(pk=labelled.pk).update(name='Häfen & "Docks"\r\n../x')
    opened = export_open(ctx=context(cast.alice, labelled), layer="gold", fmt="conll")
    name, _, rest = opened.filename.partition("-gold-")
    assert name == "hafen-docks-x"
    assert rest.endswith(".conll")
    assert AuditEvent.objects.get(verb="export.download").payload == {"layer": "gold", "format": "conll"}


@pytest.mark.parametrize(("layer", "fmt"), [("secrets", "jsonl"), ("gold", "exe")])
def test_there_is_no_export_of_what_does_not_exist(project, cast, layer, fmt):
    with pytest.raises(KeyError):
        export_open(ctx=context(cast.alice, project), layer=layer, fmt=fmt)
    assert not AuditEvent.objects.exists()


# --- out of one project, into another -----------------------------------------------------------


def odd_rows() -> str:
    return jsonl(
        *(
            {
                "id": f"odd {number}",
                "text": text,
                "split": "test" if number % 2 else "pool",
                "meta": {"source": "fixture", "n": number},
                "gold": [[0, 3, "PER"], [4, 7, "LOC"]] if number % 3 else None,
                "annotations": [
                    {"annotator": "Zoë", "spans": [[1, 5, "PER"], [3, 8, "LOC"]]},
                    {"annotator": "2", "spans": []},
                ]
                if number % 4
                else None,
            }
            for number, text in enumerate(ODD_TEXTS)
        )
    )


@pytest.mark.parametrize("fmt", PRINTERS)
def test_everything_comes_back_identical_in_a_second_project(cast, fmt):
    Project.objects.update(span_overlap="any")
    cast.project_a.refresh_from_db()
    cast.project_b.refresh_from_db()
    imported(cast.project_a, odd_rows())
    # One document with tokens of its own, which this product would cut otherwise.
    imported(cast.project_a, jsonl({"text": "New York-based", "tokens": [[0, 8], [8, 14]], "spans": [[0, 8, "LOC"]]}))
    imported(cast.project_b, exported(cast.project_a, "all", fmt).encode())
    assert state_of(cast.project_a) == state_of(cast.project_b)
    assert len(state_of(cast.project_b)) == len(ODD_TEXTS) + 1
    ids = [
        list(project.documents.values_list("external_id", flat=True)) for project in (cast.project_a, cast.project_b)
    ]
    assert ids[0][: len(ODD_TEXTS)] == ids[1][: len(ODD_TEXTS)]
    second = exported(cast.project_b, "all", fmt)
    imported(cast.project_b, second)
    assert cast.project_b.documents.count() == len(ODD_TEXTS) + 1, "all are duplicates now"


@pytest.mark.parametrize("fmt", PRINTERS)
def test_work_done_here_comes_back_with_its_layers_apart(labelled, cast, fmt):
    imported(cast.project_b, exported(labelled, "all", fmt))
    assert state_of(labelled) == state_of(cast.project_b)
    assert not Suggestion.objects.filter(project=cast.project_b).exists()


@pytest.mark.parametrize("fmt", PRINTERS)
def test_gold_comes_back_as_gold(labelled, cast, fmt):
    imported(cast.project_b, exported(labelled, "gold", fmt))
    [state] = state_of(cast.project_b)
    assert state["gold"] == [LabelledSpan(0, 4, "LOC")]
    assert state["split"] == "test"
    assert state["layers"] == {}


@pytest.mark.parametrize("fmt", PRINTERS)
@pytest.mark.parametrize("path", [("wnut17", "test.conll"), ("uner_zh", "zh_gsdsimp-ud-dev.iob2")], ids=lambda p: p[0])
def test_a_real_corpus_survives_the_way_out_and_in(cast, fmt, path):
    imported(cast.project_a, shared_data(*path).read_bytes(), filename=path[1])
    imported(cast.project_b, exported(cast.project_a, "all", fmt), filename=f"x.{fmt}")
    assert state_of(cast.project_a) == state_of(cast.project_b)


@pytest.mark.parametrize("fmt", PRINTERS)
def test_the_doccano_layers_survive_the_way_out_and_in(cast, fmt):
    source = shared_data("novels_doccano", "doccano_export", "Frankenstein.jsonl").read_bytes()
    imported(cast.project_a, source, options=ImportOptions(label_map={"22": "PERX", "7": "PERSON"}, create_labels=True))
    imported(cast.project_b, exported(cast.project_a, "all", fmt))
    assert state_of(cast.project_a) == state_of(cast.project_b)
    assert {name for state in state_of(cast.project_b) for name in state["layers"]} == {"1", "2", "3"}


def test_every_layer_has_a_title():
    assert list(LAYERS) == ["gold", "annotators", "model", "all"]
