"""People who were asked about some labels only: what they were not asked is missing, not absent.

The tweets of part E were judged one kind of name at a time. Imported with all three kinds, the
product's figures must be those that the commands give for the same files.
"""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from activelearning.selectors.loop import decision, loop_labels
from annotation.domain.formats import ImportOptions
from annotation.domain.permissions import ProjectRole
from annotation.models import Annotation, Document, Label, Project
from annotation.selectors.doubts import single_labels
from annotation.selectors.layers import document_layers
from annotation.selectors.training import entities_labelled, labelled, labelled_since, newest_label_id, training_set
from annotation.services.exports import export_parts
from annotation.services.imports import ImportRefused, import_run, import_start
from annotation.services.projects import label_add
from daner_site.accounts.models import User
from quality.domain.conflicts import Kind
from quality.models import AdjudicationCase, AgreementCheck, AgreementReport, Review
from quality.selectors.consensus import exported
from quality.selectors.content import case_content
from quality.selectors.feedback import feedback_page
from quality.selectors.outcomes import outcomes
from quality.services.agreement import agreement_recompute
from quality.services.agreement_check import agreement_check_run
from quality.services.consensus import consensus_recompute
from quality.services.overlap import overlap_consider
from quality.services.submitted import document_refresh
from quality.services.unanimous import unanimous_accept
from tests import factories
from tests.services.import_helpers import checked, imported, jsonl, shared_data

pytestmark = pytest.mark.django_db

TEXT = "Ada met Bo in Rome"
ADA, BO, ROME = (0, 3, "PER"), (8, 10, "PER"), (14, 18, "LOC")
ROME_PER = (14, 18, "PER")


@pytest.fixture
def project() -> Project:
    owner = factories.user_make()
    return factories.project_make(factories.organization_make(owner=owner), owner, labels=("PER", "LOC"))


def asked_about(document: Document, spans: list[tuple[int, int, str]], *names: str) -> User:
    """Somebody new who was asked about these labels, or about all."""
    person = factories.user_make()
    annotation = factories.annotation_make(document, person, spans)
    if names:
        labels = Label.objects.filter(project=document.project, name__in=names)
        Annotation.objects.filter(pk=annotation.pk).update(asked=list(labels.values_list("pk", flat=True)))
    return person


def measured(project: Project) -> dict[str, Any]:
    report = agreement_recompute(project_id=project.pk)
    assert report is not None
    return report.measures


@pytest.fixture(scope="module")
def part_e(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Items and annotations of part E as files, and both as one, as the import takes it."""
    folder = tmp_path_factory.mktemp("part_e")
    items = [json.loads(line) for line in shared_data("btc_crowd_ae", "items.jsonl").read_text().splitlines()]
    kept = {item["id"]: item for item in items if item["split"] == "e"}
    rows = [json.loads(line) for line in shared_data("btc_crowd_ae", "annotations.jsonl").read_text().splitlines()]
    rows = [row for row in rows if row["item"] in kept]
    bare = [{key: item[key] for key in ("id", "text", "tokens")} for item in kept.values()]
    together = [item | {"annotations": [row for row in rows if row["item"] == item["id"]]} for item in bare]
    files = {"items": bare, "annotations": rows, "both": together}
    for name, content in files.items():
        (folder / f"{name}.jsonl").write_text(jsonl(*content))
    return {name: folder / f"{name}.jsonl" for name in files}


def by_command(files: dict[str, Path], command: str, **options: Any) -> dict[str, Any]:
    out = files["items"].parent / f"{command}.json"
    call_command(command, str(files["items"]), str(files["annotations"]), json=out, **options)
    found: dict[str, Any] = json.loads(out.read_text())
    return found


def test_a_crowd_asked_one_kind_at_a_time_agrees_as_the_command_says(project: Project, part_e: dict[str, Path]) -> None:
    imported(project, part_e["both"].read_bytes())
    found, expected = measured(project), by_command(part_e, "agreement")
    assert sorted(found["alpha"]["per_label"]) == expected["labels"] == ["LOC", "ORG", "PER"]
    assert numbers(found["alpha"]) == pytest.approx(numbers(expected["alpha"]), abs=1e-9)
    assert numbers(found["span_f1"]) == pytest.approx(numbers(expected["span_f1"]), abs=1e-9)
    assert found["alpha"]["bio"]["reason"] == "not_whole"
    assert {name: found["counts"][name] for name in found["counts"]} == {
        name: expected["counts"][name] for name in found["counts"]
    }
    assert found["conflicts"] == expected["conflicts"]
    assert found["confusion"] == expected["confusion"]
    names = {str(user.pk): user.name for user in User.objects.filter(imported=True)}
    own = {tuple(sorted((names[pair["a"]], names[pair["b"]]))): pair for pair in found["pairs"]}
    assert {people: (pair["documents"], pair["spans"], pair["exact"]) for people, pair in own.items()} == {
        (pair["a"], pair["b"]): (pair["documents"], pair["spans"], pair["exact"]) for pair in expected["pairs"]
    }
    # The nightly check finds the same from scratch.
    check = AgreementCheck.objects.create(organization=project.organization, project=project)
    assert agreement_check_run(check_id=check.pk) is not None
    check.refresh_from_db()
    assert (check.differing, check.documents) == (0, 200), check.examples


def test_a_crowd_asked_one_kind_at_a_time_says_together_what_the_command_says(
    project: Project, part_e: dict[str, Path]
) -> None:
    imported(project, part_e["both"].read_bytes())
    run, expected = consensus_recompute(project_id=project.pk), by_command(part_e, "consensus", method="auto")
    assert run is not None
    assert run.method == expected["method"] == "bsc"
    spans = {row["id"]: [(s["start"], s["end"], s["label"]) for s in row["spans"]] for row in exported(run)}
    assert spans == {
        item: [(s["start"], s["end"], s["label"]) for s in found] for item, found in expected["spans"].items()
    }
    people = {row.annotator.name: row for row in run.people.select_related("annotator")}
    assert {name: (row.documents, row.reference_spans) for name, row in people.items()} == {
        row["annotator"]: (row["documents"], row["reference_spans"]) for row in expected["reliability"]
    }
    assert {name: row.f1 for name, row in people.items()} == pytest.approx(
        {row["annotator"]: row["f1"] for row in expected["reliability"]}, abs=1e-9
    )


def numbers(figures: Any, path: str = "") -> dict[str, float]:
    """Every number by its path; the ends of intervals are drawn by chance."""
    if isinstance(figures, dict):
        return {
            key: value
            for name, inner in figures.items()
            if name not in ("low", "high")
            for key, value in numbers(inner, f"{path}/{name}").items()
        }
    return {path: figures} if isinstance(figures, (int, float)) else {}


def test_an_import_keeps_what_each_person_was_asked_about_and_gives_it_out_again(project: Project) -> None:
    row = {
        "id": "one",
        "text": TEXT,
        "annotations": [
            {"annotator": "a", "asked": "PER", "spans": [span(ADA)]},
            {"annotator": "b", "asked": ["LOC", "PER"], "spans": []},
            {"annotator": "a", "asked": ["ORG"], "spans": []},
        ],
    }
    imported(project, jsonl(row))
    layers = {layer.author_name: layer for layer in document_layers(project.documents.get()).layers}
    assert {name: set(layer.asked) for name, layer in layers.items()} == {"a": {"PER", "ORG"}, "b": {"LOC", "PER"}}
    first = "".join(export_parts(project, layer="all", fmt="jsonl"))
    assert json.loads(first)["annotations"] == [
        {"annotator": "a", "asked": ["ORG", "PER"], "spans": [span(ADA)]},
        {"annotator": "b", "asked": ["LOC", "PER"], "spans": []},
    ]
    other = factories.project_make(project.organization, project.created_by, labels=("PER", "LOC", "ORG"))
    imported(other, first)
    assert "".join(export_parts(other, layer="all", fmt="jsonl")) == first


@pytest.mark.parametrize(
    ("answers", "problem"),
    [
        (
            [{"annotator": "a", "asked": "LOC", "spans": [[0, 3, "PER"]]}],
            "a span labelled 'PER', about which nobody asked",
        ),
        ([{"annotator": "a", "asked": [], "spans": []}], "'asked' is neither a label nor a list of labels"),
        ([{"annotator": "a", "asked": {"PER": 1}, "spans": []}], "'asked' is neither a label nor a list of labels"),
        (
            [{"annotator": "a", "asked": "PER", "spans": []}, {"annotator": "a", "asked": ["LOC", "PER"], "spans": []}],
            "annotator 'a' appears twice about 'PER'",
        ),
        (
            [{"annotator": "a", "asked": "PER", "spans": []}, {"annotator": "a", "spans": []}],
            "annotator 'a' appears twice",
        ),
    ],
)
def test_answers_that_contradict_their_questions_are_told_with_their_row(
    project: Project, answers: list[dict[str, Any]], problem: str
) -> None:
    job = checked(project, jsonl({"text": "before"}, {"text": TEXT, "annotations": answers}))
    (error,) = job.preview["errors"]
    assert error.startswith("row 2: ")
    assert problem in error


def span(of: tuple[int, int, str]) -> dict[str, Any]:
    return {"start": of[0], "end": of[1], "label": of[2]}


def test_who_was_not_asked_about_a_label_is_not_missing_where_it_was_marked(project: Project) -> None:
    document = factories.document_make(project, TEXT)
    for _ in range(2):
        asked_about(document, [ADA], "PER")
    loc = asked_about(document, [ROME], "LOC")
    silent = asked_about(document, [], "LOC")
    ada, rome = case_content(document).groups
    assert (ada.kind, ada.silent) == (Kind.UNANIMOUS, ())
    assert (rome.kind, rome.silent) == (Kind.MISSING, (str(silent.pk),))
    assert rome.options[0].supporters == (str(loc.pk),)
    assert measured(project)["conflicts"]["missing"] == 1
    document_refresh(document_id=document.pk)
    assert AdjudicationCase.objects.get(document=document).kinds == {"missing": 1}


def test_pairs_without_a_common_question_are_no_pairs(project: Project) -> None:
    document = factories.document_make(project, TEXT)
    asked_about(document, [ADA], "PER")
    asked_about(document, [ROME], "LOC")
    assert measured(project)["counts"]["documents"] == 0
    everybody = asked_about(document, [ADA, ROME])
    found = measured(project)
    assert found["counts"]["documents"] == 1
    assert [pair["exact"] for pair in found["pairs"]] == [1.0, 1.0]
    assert all(str(everybody.pk) in (pair["a"], pair["b"]) for pair in found["pairs"])
    assert found["alpha"]["bio"]["reason"] == "not_whole"
    assert found["alpha"]["per_label"]["PER"]["value"] == 1.0


def test_three_people_asked_about_one_label_do_not_make_the_other_agreed(project: Project) -> None:
    project.accept_unanimous = project.overlap_targeted = True
    project.overlap_cap = 5
    project.save()
    document = factories.document_make(project, TEXT, overlap_target=3)
    for name in ("PER", "PER", "PER"):
        asked_about(document, [ADA], name)
    helper = factories.user_make()
    factories.membership_make(project.organization, helper)
    factories.project_member_make(project, helper, ProjectRole.ANNOTATOR)
    assert unanimous_accept(document_id=document.pk) is None
    document_refresh(document_id=document.pk)
    document.refresh_from_db()
    assert document.overlap_target == 4
    # Asked all the same of two people each, everything is said.
    other = factories.document_make(project, "Bo met Ada in Rome", overlap_target=4)
    for name in ("PER", "PER", "LOC", "LOC"):
        asked_about(other, [], name)
    assert not overlap_consider(document_id=other.pk)
    document_refresh(document_id=other.pk)
    assert other.annotations.filter(kind=Annotation.Kind.GOLD).exists()


def test_an_import_that_asks_about_some_labels_leaves_the_text_to_be_labelled(project: Project) -> None:
    rows = [
        {"text": "one", "annotations": [{"annotator": name, "asked": "PER", "spans": []} for name in "abc"]},
        {"text": "two", "annotations": [{"annotator": label, "asked": label, "spans": []} for label in ("PER", "LOC")]},
        {"text": "three", "annotations": [{"annotator": "a", "spans": []}]},
    ]
    job = imported(project, jsonl(*rows))
    targets = dict(project.documents.values_list("text", "overlap_target"))
    assert (targets["one"], targets["two"], targets["three"]) == (4, 2, 1)
    assert job.report["open"] == 1


def test_a_model_learns_no_absence_from_people_who_were_not_asked(project: Project) -> None:
    partly = factories.document_make(project, TEXT)
    asked_about(partly, [ADA], "PER")
    covered = factories.document_make(project, "Bo met Ada in Rome")
    for spans, name in (([(0, 2, "PER")], "PER"), ([], "PER"), ([], "PER"), ([(14, 18, "LOC")], "LOC")):
        asked_about(covered, spans, name)
    (text,) = training_set(project)
    assert text.text == covered.text
    # One in three marked the person; of the one who was asked about places all did.
    assert [(span.start, span.label) for span in text.spans] == [(0, "PER"), (14, "LOC")]
    assert text.source == "vote"
    assert not single_labels(project).filter(document=partly).exists()
    factories.annotation_make(partly, project.created_by, [], kind="gold")
    assert {text.text for text in training_set(project)} == {covered.text, partly.text}


FINAL = [
    {"annotator": "final", "asked": ["PER", "LOC"], "spans": [ADA]},
    {"annotator": "other", "asked": "PER", "spans": []},
]


def test_a_layer_asked_about_some_labels_only_is_no_gold_and_the_row_is_named(project: Project) -> None:
    partly = [{"annotator": "final", "asked": "PER", "spans": [ADA]}]
    rows = [{"text": TEXT, "annotations": FINAL}, {"text": "Bo met Ada in Rome", "annotations": partly}]
    job = checked(project, jsonl(*rows))
    options = ImportOptions(layer_map={"final": "gold"})
    with pytest.raises(ImportRefused, match=r"^Row 2: “final” was not asked about LOC\..* as an annotator's"):
        import_start(job=job, author=project.created_by, options=options)
    job.refresh_from_db()
    assert (job.status, project.documents.count()) == ("checked", 0)
    # The same file is taken where the layer stays somebody's.
    import_start(job=job, author=project.created_by, options=ImportOptions())
    import_run(job_id=job.pk)
    assert (project.documents.count(), project.annotations.filter(kind="gold").count()) == (2, 0)


def test_a_layer_asked_about_all_labels_there_will_be_is_gold(project: Project) -> None:
    row = {"text": TEXT, "annotations": FINAL}
    imported(project, jsonl(row), options=ImportOptions(layer_map={"final": "gold"}))
    assert project.annotations.filter(kind="gold").count() == 1
    # Gold of the file itself goes first, so that nothing is asked of the layer.
    given = {"text": "one", "gold": [], "annotations": [{"annotator": "final", "asked": "PER", "spans": []}]}
    imported(project, jsonl(given), options=ImportOptions(layer_map={"final": "gold"}))
    assert project.annotations.filter(kind="gold").count() == 2
    # A label that the same import brings counts as well.
    job = checked(project, jsonl({**row, "text": "two"}, {"text": "three", "gold": [(0, 5, "CITY")]}))
    options = ImportOptions(layer_map={"final": "gold"}, create_labels=True)
    with pytest.raises(ImportRefused, match=r"^Row 1: “final” was not asked about CITY\."):
        import_start(job=job, author=project.created_by, options=options)
    assert not project.labels.filter(name="CITY").exists()


def test_a_label_added_between_check_and_run_ends_an_import_of_gold_in_words(project: Project) -> None:
    job = checked(project, jsonl({"text": TEXT, "annotations": FINAL}))
    import_start(job=job, author=project.created_by, options=ImportOptions(layer_map={"final": "gold"}))
    label_add(project=project, name="CITY")
    import_run(job_id=job.pk)
    job.refresh_from_db()
    assert job.report["failure"].startswith("Row 1: “final” was not asked about CITY.")
    assert not project.documents.exists()


@pytest.mark.parametrize("seed", range(6))
def test_documents_are_counted_as_labelled_where_a_model_learns_from_them(project: Project, seed: int) -> None:
    """The database counts by the rule that the training set is picked by."""
    chance = random.Random(seed)
    documents = [factories.document_make(project, f"{TEXT} {number}") for number in range(8)]
    for turn in range(20):
        if turn == 10:
            label_add(project=project, name="CITY")
        names = chance.choice([(), ("PER",), ("LOC",), ("PER", "LOC"), ("CITY",)])
        spans = [ADA] if "PER" in names and chance.random() < 0.5 else []
        asked_about(chance.choice(documents), spans, *names)
    for document in chance.sample(documents, 2):
        factories.annotation_make(document, project.created_by, [], kind="gold")
    seen = newest_label_id(project) - 5
    learned = {text.document_uuid: text for text in training_set(project)}
    found, since = labelled(project), labelled_since(project, seen)
    assert (found.documents, found.words) == (len(learned), sum(len(text.tokens) for text in learned.values()))
    touched = project.documents.filter(annotations__pk__gt=seen).distinct().values_list("uuid", flat=True)
    assert since.documents == len({str(uuid) for uuid in touched} & learned.keys())
    marked = project.annotations.filter(spans__isnull=False).values_list("document__uuid", flat=True)
    assert entities_labelled(project) == (not {str(uuid) for uuid in marked}.isdisjoint(learned))


def test_work_that_teaches_nothing_makes_no_training_due(project: Project) -> None:
    project.retrain_after = 2
    project.save()
    documents = [factories.document_make(project, f"{TEXT} {number}") for number in range(3)]
    for document in documents:
        asked_about(document, [ADA], "PER")
    labels = loop_labels(project)
    assert (labels.documents, labels.words, labels.new, labels.new_words, labels.entities) == (0, 0, 0, 0, False)
    assert "; 0 so far" in decision(project).reason
    for document in documents:
        asked_about(document, [ROME], "LOC")
    labels = loop_labels(project)
    assert (labels.documents, labels.words, labels.new, labels.new_words, labels.entities) == (3, 18, 3, 18, True)
    assert decision(project).due


def test_nobody_is_measured_on_what_they_were_not_asked(project: Project) -> None:
    document = factories.document_make(project, TEXT)
    person = asked_about(document, [ADA, BO], "PER")
    gold = factories.annotation_make(document, project.created_by, [ADA, BO, ROME], kind="gold")
    page = feedback_page(project, person)
    assert (page.total.f1, page.kinds) == (1.0, ())
    case = factories.case_make(document, status="resolved", gold_annotation=gold)
    Review.objects.create(
        organization=project.organization,
        project=project,
        document=document,
        case=case,
        reviewer=project.created_by,
        origin=case.origin,
        places=[],
        spans=[],
        gold=gold,
    )
    (row,) = outcomes(project).rows
    assert (row.name, row.score.recall, row.score.mistakes.total()) == (person.name, 1.0, 0)


def test_a_label_that_came_later_was_not_asked_of_those_who_had_submitted(project: Project) -> None:
    old, mixed = factories.document_make(project, TEXT), factories.document_make(project, "Bo met Ada in Rome")
    for document in (old, mixed):
        asked_about(document, [])
    asked_about(old, [ADA])
    before = measured(project)
    words = before["alpha"]["per_label"]["PER"]["n"]
    label_add(project=project, name="CITY")
    asked_about(mixed, [(14, 18, "CITY")])
    found = measured(project)
    # Of the new label, nobody and one person were asked: nothing to compare.
    assert found["alpha"]["per_label"]["CITY"] | {"n": 0} == {
        "value": None,
        "reason": "no_overlap",
        "observed": None,
        "n": 0,
        "low": None,
        "high": None,
    }
    assert found["conflicts"]["missing"] == 1
    assert not case_content(mixed).open_groups
    # In the old document everybody was asked about all there was: it still counts in all views.
    assert found["alpha"]["bio"]["n"] == before["alpha"]["bio"]["n"] == words
    assert document_layers(old).partly_asked == {}
    assert [set(labels) for labels in document_layers(mixed).partly_asked.values()] == [{"PER", "LOC"}]
    # What was labelled before goes on being learned from.
    assert {text.text for text in training_set(project)} == {old.text, mixed.text}
    check = AgreementCheck.objects.create(organization=project.organization, project=project)
    agreement_check_run(check_id=check.pk)
    check.refresh_from_db()
    assert (check.differing, check.documents) == (0, 2), check.examples
    assert AgreementReport.objects.filter(project=project).count() == 2
