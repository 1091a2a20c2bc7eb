"""Blind comparisons: drawn by chance, read once, judged without names, shown when all is judged."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from activelearning.models import BlindComparison, BlindJudgement, BlindText
from activelearning.selectors.blind import blind_comparisons, blind_result, judge_page, texts_left, unblinded
from activelearning.services import blind
from activelearning.services.blind import BlindRefused
from annotation.models import Suggestion
from daner_site.accounts.models import AuditEvent
from daner_site.core.clock import now
from tests.factories import blind_comparison_make, document_make, documents_make, model_version_make

pytestmark = pytest.mark.django_db


@pytest.fixture
def artefacts(settings, tmp_path):
    settings.DANER_ARTEFACTS, settings.DANER_PREDICTOR = tmp_path, "tests.fakes.predict"
    return tmp_path


def reader(project, name, memory, artefacts: Path, **snapshot: Any):
    """A version that finds the words of `memory`."""
    version = model_version_make(project, artefact=name)
    (artefacts / name).mkdir()
    (artefacts / name / "memory.json").write_text(json.dumps(memory))
    version.run.snapshot = {"documents": {}, "test": {}} | snapshot
    version.run.save()
    return version


@pytest.fixture
def pair(cast, artefacts):
    """One knows Ada, the other Ada and Oslo."""
    return (
        reader(cast.project_a, "one", {"Ada": "PER"}, artefacts),
        reader(cast.project_a, "two", {"Ada": "PER", "Oslo": "LOC"}, artefacts),
    )


def opened(cast, pair, texts=5, seed=1):
    return blind.blind_open(
        project=cast.project_a, first=pair[0], second=pair[1], texts=texts, opened_by=cast.alice, seed=seed
    )


def read_all(comparison):
    while True:
        comparison.refresh_from_db()
        if comparison.status != "reading":
            return comparison
        blind.blind_read(comparison_id=comparison.pk)


def judge_all(comparison, reviewer, answer):
    while page := judge_page(comparison, reviewer):
        given = answer(page.text) if callable(answer) else answer
        blind.blind_judge(comparison=comparison, reviewer=reviewer, text=page.text, answer=given)


def for_second(text):
    return "a" if text.swapped else "b"


def for_first(text):
    return "b" if text.swapped else "a"


# --- drawing and reading --------------------------------------------------------------------


def test_texts_that_a_version_learned_from_are_never_drawn(cast, artefacts):
    documents = documents_make(cast.project_a, 30)
    learned = {str(document.uuid): [] for document in documents[:12]}
    one = reader(cast.project_a, "one", {"Ada": "PER"}, artefacts, documents=learned)
    more = {str(document.uuid): [] for document in documents[10:20]}
    two = reader(cast.project_a, "two", {}, artefacts, documents=more)
    comparison = opened(cast, (one, two), texts=30)
    assert comparison.candidates == 10
    assert {text.document for text in comparison.texts.all()} == set(documents[20:])


def test_only_texts_that_are_read_differently_are_kept_and_the_share_is_known(cast, pair):
    for number in range(40):
        place = "Oslo" if number % 4 == 0 else "Rome"
        document_make(cast.project_a, f"Ada went to {place}, part {number}.")
    comparison = read_all(opened(cast, pair, texts=40))
    assert (comparison.status, comparison.read, comparison.differing) == ("open", 40, 10)
    assert all("Oslo" in text.document.text for text in comparison.texts.all())
    text = comparison.texts.first()
    assert (len(text.first_spans), len(text.second_spans)) == (1, 2)


def test_reading_ends_when_enough_differ(cast, pair):
    documents_make(cast.project_a, 60)
    comparison = read_all(opened(cast, pair, texts=20))
    assert (comparison.read, comparison.differing, comparison.texts.count()) == (20, 20, 20)


def test_a_message_that_comes_twice_reads_nothing_twice(cast, pair):
    documents_make(cast.project_a, 40)
    comparison = opened(cast, pair, texts=40)
    batch = list(comparison.texts.all()[: blind.TEXTS_TOGETHER])
    spans = [[[0, 3, "PER"]]] * len(batch), [[]] * len(batch)
    for _ in range(2):
        blind._store(comparison.pk, batch, *spans)
    comparison.refresh_from_db()
    assert comparison.read == blind.TEXTS_TOGETHER
    read_all(comparison)
    blind.blind_read(comparison_id=comparison.pk)
    comparison.refresh_from_db()
    assert comparison.read == 40


def test_versions_that_read_all_alike_leave_nothing_to_judge(cast, artefacts):
    documents_make(cast.project_a, 5)
    twins = [reader(cast.project_a, name, {"Ada": "PER"}, artefacts) for name in ("one", "two")]
    comparison = read_all(opened(cast, twins))
    assert (comparison.status, comparison.read, comparison.differing) == ("closed", 5, 0)


def test_a_model_whose_files_are_gone_is_said_in_words(cast, pair, settings):
    settings.DANER_PREDICTOR = "activelearning.engine.predictor.predict"
    documents_make(cast.project_a, 3)
    comparison = opened(cast, pair)
    blind.blind_read(comparison_id=comparison.pk)
    comparison.refresh_from_db()
    assert comparison.status == "failed"
    assert "missing or damaged" in comparison.error


def test_each_reading_sends_for_the_next(cast, pair, sent, django_capture_on_commit_callbacks):
    documents_make(cast.project_a, blind.TEXTS_TOGETHER + 5)
    with django_capture_on_commit_callbacks(execute=True):
        comparison = opened(cast, pair, texts=50)
    for expected in (2, 2):
        with django_capture_on_commit_callbacks(execute=True):
            blind.blind_read(comparison_id=comparison.pk)
        assert sent.count("read_blind_comparison") == expected


def test_a_lost_message_is_sent_again_and_at_last_given_up(cast, pair, sent, django_capture_on_commit_callbacks):
    documents_make(cast.project_a, 3)
    comparison = opened(cast, pair)
    for _ in range(blind.MAX_ATTEMPTS + 3):
        BlindComparison.objects.update(sent_at=now() - timedelta(minutes=1))
        with django_capture_on_commit_callbacks(execute=True):
            blind.blind_sweep()
    assert sent.count("read_blind_comparison") == blind.MAX_ATTEMPTS
    comparison.refresh_from_db()
    assert comparison.status == "failed"


def test_one_version_or_no_text_is_refused(cast, pair):
    with pytest.raises(BlindRefused, match="no text"):
        opened(cast, pair)
    documents_make(cast.project_a, 3)
    with pytest.raises(BlindRefused, match="two different"):
        opened(cast, (pair[0], pair[0]))
    with pytest.raises(BlindRefused, match="Between 1 and"):
        opened(cast, pair, texts=0)
    assert not BlindComparison.objects.exists()


def test_opening_and_closing_are_on_record(cast, pair):
    documents_make(cast.project_a, 3)
    comparison = read_all(opened(cast, pair))
    blind.blind_close(comparison=comparison, by=cast.alice)
    blind.blind_close(comparison=comparison, by=cast.alice)
    events = AuditEvent.objects.filter(target_uuid=comparison.uuid).order_by("pk")
    assert [(event.verb, event.actor) for event in events] == [("blind.open", cast.alice), ("blind.close", cast.alice)]


def test_reading_for_a_comparison_suggests_nothing(cast, pair):
    documents_make(cast.project_a, 3)
    read_all(opened(cast, pair))
    assert not Suggestion.objects.exists()


# --- judging --------------------------------------------------------------------------------


def test_the_sides_are_tossed_for_each_text(cast, pair):
    documents_make(cast.project_a, 60)
    sides = [text.swapped for text in opened(cast, pair, texts=3).texts.all()]
    assert 15 < sum(sides) < 45
    again = [text.swapped for text in opened(cast, pair, texts=3).texts.all()]
    other = [text.swapped for text in opened(cast, pair, texts=3, seed=2).texts.all()]
    assert sides == again != other


def test_a_and_b_are_what_the_text_s_sides_say(cast, pair):
    documents_make(cast.project_a, 20)
    comparison = read_all(opened(cast, pair, texts=20))
    seen = set()
    while page := judge_page(comparison, cast.dora):
        seen.add(page.text.swapped)
        entities = [side.entities for side in page.sides]
        assert entities == ([2, 1] if page.text.swapped else [1, 2])
        alone = [[p["text"] for p in side.pieces if p["alone"]] for side in page.sides]
        assert sorted(alone) == [[], ["Oslo"]]
        blind.blind_judge(comparison=comparison, reviewer=cast.dora, text=page.text, answer="a")
        choice = BlindJudgement.objects.latest("pk").choice
        assert choice == ("second" if page.text.swapped else "first")
    assert seen == {True, False}


def test_the_result_is_shown_after_the_last_text_and_not_before(cast, pair):
    documents_make(cast.project_a, 6)
    comparison = read_all(opened(cast, pair, texts=6))
    for left in range(6, 0, -1):
        assert not unblinded(comparison, cast.dora)
        page = judge_page(comparison, cast.dora)
        assert (page.number, page.total, page.last) == (7 - left, 6, left == 1)
        blind.blind_judge(comparison=comparison, reviewer=cast.dora, text=page.text, answer=for_second(page.text))
    assert judge_page(comparison, cast.dora) is None
    assert unblinded(comparison, cast.dora)
    assert not unblinded(comparison, cast.alice)
    result = blind_result(comparison)
    assert (result.first, result.second, result.ties) == (0, 6, 0)
    assert result.sentence == "v2 is preferred on 6 of the 6 texts with a preference: 100% [54%, 100%]."


def test_a_text_that_several_judged_counts_once_for_the_side_most_preferred(cast, pair):
    documents_make(cast.project_a, 4)
    comparison = read_all(opened(cast, pair, texts=4))
    judge_all(comparison, cast.dora, for_second)
    judge_all(comparison, cast.alice, "both")
    judge_all(comparison, cast.bob, for_first)
    judge_all(comparison, cast.ben, for_first)
    result = blind_result(comparison)
    assert (result.first, result.second, result.ties) == (4, 0, 0)
    rows = {tally.name: (tally.first, tally.second, tally.both, tally.neither) for tally in result.reviewers}
    assert rows == {"Dora": (0, 4, 0, 0), "Alice": (0, 0, 4, 0), "Bob": (4, 0, 0, 0), "Ben": (4, 0, 0, 0)}
    assert result.sentence == "No preference can be shown: one of the two was preferred on 4 of 4 texts."


def test_one_answer_a_text_and_the_first_stays(cast, pair):
    documents_make(cast.project_a, 2)
    comparison = read_all(opened(cast, pair, texts=2))
    text = comparison.texts.first()
    for answer in ("both", "neither"):
        blind.blind_judge(comparison=comparison, reviewer=cast.dora, text=text, answer=answer)
    assert [judgement.choice for judgement in BlindJudgement.objects.all()] == ["both"]
    with pytest.raises(BlindRefused):
        blind.blind_judge(comparison=comparison, reviewer=cast.dora, text=text, answer="second")


def test_the_last_answer_is_taken_back_until_the_result_is_seen(cast, pair):
    documents_make(cast.project_a, 3)
    comparison = read_all(opened(cast, pair, texts=3))
    first = judge_page(comparison, cast.dora).text
    blind.blind_judge(comparison=comparison, reviewer=cast.dora, text=first, answer="a")
    blind.blind_judge(comparison=comparison, reviewer=cast.alice, text=first, answer="a")
    blind.blind_undo(comparison=comparison, reviewer=cast.dora)
    assert judge_page(comparison, cast.dora).text == first
    assert BlindJudgement.objects.get().reviewer == cast.alice
    judge_all(comparison, cast.dora, "a")
    with pytest.raises(BlindRefused, match="seen the result"):
        blind.blind_undo(comparison=comparison, reviewer=cast.dora)


def test_a_closed_comparison_takes_no_answer_and_is_open_to_all(cast, pair):
    documents_make(cast.project_a, 3)
    comparison = read_all(opened(cast, pair, texts=3))
    text = comparison.texts.first()
    blind.blind_close(comparison=comparison, by=cast.alice)
    comparison.refresh_from_db()
    assert unblinded(comparison, cast.vic)
    with pytest.raises(BlindRefused, match="closed"):
        blind.blind_judge(comparison=comparison, reviewer=cast.dora, text=text, answer="a")
    assert blind_result(comparison).sentence == "Nobody has judged a text."


def test_texts_not_yet_read_are_not_judged(cast, pair):
    documents_make(cast.project_a, 3)
    comparison = opened(cast, pair, texts=3)
    assert judge_page(comparison, cast.dora) is None
    assert not unblinded(comparison, cast.dora)
    assert not texts_left(comparison, cast.dora)
    assert BlindText.objects.count() == 3


def test_people_of_one_name_are_counted_apart(cast, pair):
    comparison = blind_comparison_make(*pair, documents_make(cast.project_a, 2), status="open")
    cast.ben.display_name = cast.bob.display_name
    cast.ben.save()
    comparison = blind_comparisons(cast.project_a).get()
    judge_all(comparison, cast.bob, "both")
    judge_all(comparison, cast.ben, "neither")
    assert [tally.judged for tally in blind_result(comparison).reviewers] == [2, 2]
