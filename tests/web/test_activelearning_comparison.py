"""Pages on which two versions are compared, and the one of a version."""

from __future__ import annotations

import io
import json
import re
import zipfile
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from activelearning.domain.metrics import Counts
from activelearning.domain.succession import against
from activelearning.models import BlindComparison, BlindJudgement
from activelearning.selectors import versions
from activelearning.services import blind
from daner_site.accounts.models import AuditEvent
from tests.factories import blind_comparison_make, document_make, documents_make, model_version_make
from tests.services.test_activelearning_comparison import texts, version_make
from tests.web.reading import text_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def artefacts(settings, tmp_path) -> Path:
    settings.DANER_ARTEFACTS, settings.DANER_PREDICTOR = tmp_path, "tests.fakes.predict"
    return tmp_path


def client(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def address(cast, name, *args):
    return reverse(f"activelearning:{name}", args=[cast.org_a.slug, cast.project_a.uuid, *args])


def page(cast, user, name, *args, **query):
    answer = client(user).get(address(cast, name, *args), query)
    assert answer.status_code == 200
    return text_of(answer)


# --- by measure -----------------------------------------------------------------------------


def test_the_two_newest_versions_are_compared_unless_others_are_chosen(cast):
    assert "Nothing to compare yet" in page(cast, cast.vic, "compare")
    first, _, third = [version_make(cast.project_a, texts(60, right)) for right in (20, 40, 58)]
    text = page(cast, cast.vic, "compare")
    assert "Compare v2 with v3" in text
    assert "v3 is better: +0.300 F1" in text
    text = page(cast, cast.vic, "compare", first=first.uuid, second=third.uuid)
    assert "v3 is better: +0.633 F1" in text
    assert "Compare v1 with v3" in page(cast, cast.vic, "compare", second=first.uuid)


def test_a_foreign_or_missing_version_is_no_choice(cast):
    for right in (20, 40):
        version_make(cast.project_a, texts(60, right))
    foreign = model_version_make(cast.project_b)
    for wrong in (foreign.uuid, "nonsense"):
        text = page(cast, cast.vic, "compare", first=wrong, second=wrong)
        assert "Compare two versions" in text
        assert "is better" not in text
    one = versions(cast.project_a)[0].uuid
    assert "Choose two different versions." in page(cast, cast.vic, "compare", first=one, second=one)


def test_versions_that_cannot_be_compared_say_why(cast):
    for _ in range(2):
        model_version_make(cast.project_a)
    assert "v1 was not measured text by text" in page(cast, cast.vic, "compare")


def test_more_versions_cost_no_more_queries(cast):
    counts = []
    for number in (2, 12):
        for _ in range(number):
            version_make(cast.project_a, texts(10, 5))
        blind_comparison_make(*versions(cast.project_a)[:2], documents_make(cast.project_a, 2))
        browser = client(cast.alice)
        browser.get(address(cast, "compare"))
        with CaptureQueriesContext(connection) as captured:
            browser.get(address(cast, "compare"))
        counts.append(len(captured))
    assert counts[1] <= counts[0] <= 22


# --- blind ----------------------------------------------------------------------------------


@pytest.fixture
def pair(cast, artefacts):
    found = []
    for name, memory in (("one", {"Ada": "PER"}), ("two", {"Ada": "PER", "Oslo": "LOC"})):
        (artefacts / name).mkdir()
        (artefacts / name / "memory.json").write_text(json.dumps(memory))
        found.append(model_version_make(cast.project_a, artefact=name))
    return found


def post(cast, user, name, *args, **data):
    return client(user).post(address(cast, name, *args), data)


@pytest.fixture
def comparison(cast, pair):
    """Four texts, read and open."""
    documents_make(cast.project_a, 4)
    data = {"first": pair[0].uuid, "second": pair[1].uuid, "texts": 4}
    answer = post(cast, cast.alice, "blind_open", **data)
    comparison = BlindComparison.objects.get()
    assert answer["Location"] == address(cast, "blind", comparison.uuid)
    assert "Nothing has been read yet." in page(cast, cast.dora, "blind", comparison.uuid)
    blind.blind_read(comparison_id=comparison.pk)
    comparison.refresh_from_db()
    assert comparison.status == "open"
    return comparison


def main_of(text):
    return text[text.index("<main") :]


def test_the_judging_page_names_no_version_anywhere(cast, comparison):
    browser, seen = client(cast.dora), []
    for _ in range(4):
        answer = browser.get(address(cast, "blind_judge", comparison.uuid))
        text = text_of(answer)
        for version in (comparison.first, comparison.second):
            assert str(version.uuid) not in text
            assert version.name not in main_of(text)
        for word in ("first", "second", "swapped"):
            assert word not in main_of(text)
        shown = answer.context["page"]
        seen.append(shown.text)
        browser.post(address(cast, "blind_judge", comparison.uuid), {"blind_text": shown.text.uuid, "answer": "both"})
    assert len(set(seen)) == 4
    assert browser.get(address(cast, "blind_judge", comparison.uuid))["Location"] == address(
        cast, "blind", comparison.uuid
    )
    assert "v1 better" in page(cast, cast.dora, "blind", comparison.uuid)


def test_until_all_is_judged_the_pages_keep_the_versions_to_themselves(cast, comparison):
    for user in (cast.dora, cast.alice, cast.vic):
        text = main_of(page(cast, user, "blind", comparison.uuid))
        assert "v1" not in text
        assert "v2" not in text
        listed = page(cast, user, "compare")
        assert "v1 and v2" not in listed
    post(cast, cast.alice, "blind_close", comparison.uuid)
    assert "v1 better" in page(cast, cast.vic, "blind", comparison.uuid)
    assert "v1 and v2" in page(cast, cast.vic, "compare")


def test_an_answer_is_kept_and_taken_back(cast, comparison):
    browser = client(cast.dora)
    judging = address(cast, "blind_judge", comparison.uuid)
    shown = browser.get(judging).context["page"]
    assert "Undo" not in browser.get(judging).content.decode()
    browser.post(judging, {"blind_text": shown.text.uuid, "answer": "a"})
    assert BlindJudgement.objects.get().choice == ("second" if shown.text.swapped else "first")
    assert "Dora: 1 of 4" in page(cast, cast.vic, "blind", comparison.uuid)
    assert "Undo" in browser.get(judging).content.decode()
    browser.post(address(cast, "blind_undo", comparison.uuid))
    assert not BlindJudgement.objects.exists()


def test_nonsense_is_refused(cast, comparison):
    browser = client(cast.dora)
    judging = address(cast, "blind_judge", comparison.uuid)
    text = comparison.texts.first()
    answer = browser.post(judging, {"blind_text": text.uuid, "answer": "second"}, follow=True)
    assert "Choose one of the four answers." in answer.content.decode()
    assert browser.post(judging, {"blind_text": "x", "answer": "a"}).status_code == 404
    other = blind_comparison_make(comparison.first, comparison.second, [text.document], status="open")
    foreign = {"blind_text": other.texts.get().uuid, "answer": "a"}
    assert browser.post(judging, foreign).status_code == 404
    assert not BlindJudgement.objects.exists()


def test_only_managers_open_and_only_reviewers_judge(cast, comparison):
    data = {"first": comparison.first.uuid, "second": comparison.second.uuid, "texts": 2}
    for user in (cast.dora, cast.bob, cast.vic):
        assert post(cast, user, "blind_open", **data).status_code == 403
        assert post(cast, user, "blind_close", comparison.uuid).status_code == 403
    for user in (cast.bob, cast.vic):
        assert client(user).get(address(cast, "blind_judge", comparison.uuid)).status_code == 403
        assert "Judge</a>" not in page(cast, user, "blind", comparison.uuid)
    assert BlindComparison.objects.count() == 1


def test_a_refused_opening_says_why(cast, pair):
    data = {"first": pair[0].uuid, "second": pair[1].uuid, "texts": 4}
    answer = client(cast.alice).post(address(cast, "blind_open"), data, follow=True)
    assert "There is no text that neither version learned from." in answer.content.decode()
    answer = client(cast.alice).post(address(cast, "blind_open"), data | {"second": pair[0].uuid}, follow=True)
    assert "Choose two different versions" in answer.content.decode()


def test_the_panel_alone_is_what_a_nudge_fetches(cast, comparison):
    browser = client(cast.dora)
    answer = browser.get(address(cast, "blind", comparison.uuid), headers={"HX-Target": "blind"})
    assert "<html" not in answer.content.decode()
    assert "differently (100" in answer.content.decode()


# --- one version ----------------------------------------------------------------------------


def test_a_version_s_page_shows_intervals_and_the_texts_behind_them(cast):
    imported = [document_make(cast.project_a, split="test") for _ in range(3)]
    counts = {str(document.uuid): {} for document in imported}
    version = version_make(cast.project_a, counts, test_documents=3, tier="full", train_words=1234)
    version.metrics["interval"] = {name: [0.612, 0.789] for name in ("f1", "precision", "recall")}
    version.save()
    text = page(cast, cast.vic, "model", version.uuid)
    assert "0.61 to 0.79" in text
    assert "3 imported as test texts" in text
    assert "1234 words" in text
    assert "full tier" in text
    assert "Download" not in text


def test_an_old_version_s_page_says_why_there_is_no_interval(cast):
    text = page(cast, cast.vic, "model", model_version_make(cast.project_a).uuid)
    assert "this version was measured before intervals were kept" in text


def test_the_newest_full_version_is_the_one_to_take_away(cast):
    full = model_version_make(cast.project_a, tier="full")
    fast = model_version_make(cast.project_a, tier="fast")
    assert str(full.uuid) in page(cast, cast.alice, "model", fast.uuid)
    assert "to take away" not in page(cast, cast.alice, "model", full.uuid)
    assert "to take away" not in page(cast, cast.vic, "model", fast.uuid)


@pytest.fixture
def withheld(cast):
    """A fast version in use, and a full one that was measured worse."""
    fast = version_make(cast.project_a, texts(120, 110), active=True)
    full = version_make(cast.project_a, texts(120, 70), tier="full", withheld=True)
    found = against(*([{"PER": Counts(*c["PER"])} for c in texts(120, n).values()] for n in (110, 70)), ["PER"])
    full.metrics["against"] = found | {"uuid": str(fast.uuid), "name": fast.name}
    full.save()
    return full


def test_a_withheld_version_says_what_it_was_measured_against(cast, withheld):
    verdict = "v2 was measured worse than v1: F1 0.583 against 0.917, a difference of -0.333 [-0.418, -0.249]"
    text = page(cast, cast.vic, "model", withheld.uuid)
    assert verdict in text
    assert "kept for comparison and download" in text
    link = re.search(r'href="([^"]+)">Compare it with v1</a>', text)[1].replace("&amp;", "&")
    assert "v1 is better" in client(cast.vic).get(link).content.decode()
    assert verdict in page(cast, cast.vic, "run_panel")
    listed = page(cast, cast.vic, "models")
    assert "not in use: worse than v1" in listed
    assert listed.count("badge-good") == 1


def test_who_looks_for_the_model_to_take_away_is_told_that_it_was_withheld(cast, withheld):
    fast = versions(cast.project_a).get(active=True)
    assert "v2 was measured worse than v1" in page(cast, cast.alice, "model", fast.uuid)
    assert "measured worse" not in page(cast, cast.vic, "model", fast.uuid)


def test_a_version_that_was_not_withheld_is_said_nothing_of(cast):
    full = version_make(cast.project_a, texts(120, 70), tier="full", active=True)
    for text in (page(cast, cast.alice, name, *args) for name, *args in (("model", full.uuid), ("run_panel",))):
        assert "measured worse" not in text
    assert "not in use" not in page(cast, cast.alice, "models")


def test_a_withheld_version_is_explained_in_the_reader_s_language(cast, withheld):
    browser = client(cast.vic)
    text = browser.get(address(cast, "model", withheld.uuid), headers={"Accept-Language": "de"}).content.decode()
    assert "F1 0,583 gegen 0,917" in text


def test_the_file_of_a_withheld_version_says_so(cast, artefacts, withheld):
    for name, content in (("model.safetensors", b"x"), ("model.json", b"{}")):
        (artefacts / withheld.artefact / name).write_bytes(content)
    answer = client(cast.alice).get(address(cast, "model_file", withheld.uuid))
    archive = zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))
    readme = archive.read("harbour-reports-v2/README.md").decode()
    assert "\nv2 was measured worse than v1: F1 0.583 against 0.917" in readme


def test_a_version_is_downloaded_by_those_who_may_export_and_that_is_on_record(cast, artefacts):
    (artefacts / "one").mkdir()
    weights = bytes(range(256)) * 10_000
    (artefacts / "one" / "model.safetensors").write_bytes(weights)
    (artefacts / "one" / "model.json").write_text('{"tier": "full"}')
    version = model_version_make(cast.project_a, artefact="one", tier="full")
    for user in (cast.bob, cast.dora, cast.vic):
        assert client(user).get(address(cast, "model_file", version.uuid)).status_code == 403
    answer = client(cast.alice).get(address(cast, "model_file", version.uuid))
    assert answer.streaming
    assert answer["Content-Disposition"] == 'attachment; filename="harbour-reports-v1.zip"'
    parts = list(answer.streaming_content)
    assert len(parts) > 3
    archive = zipfile.ZipFile(io.BytesIO(b"".join(parts)))
    assert archive.testzip() is None
    assert archive.read("harbour-reports-v1/model.safetensors") == weights
    readme = archive.read("harbour-reports-v1/README.md").decode()
    assert "Harbour reports, model v1" in readme
    assert "measured worse" not in readme
    assert json.loads(archive.read("harbour-reports-v1/metrics.json")) == version.metrics
    event = AuditEvent.objects.get(verb="model.download")
    assert (event.actor, event.target_uuid) == (cast.alice, version.uuid)


def test_a_version_whose_files_are_gone_says_so(cast):
    version = model_version_make(cast.project_a, artefact="")
    answer = client(cast.alice).get(address(cast, "model_file", version.uuid), follow=True)
    assert "are not kept any more" in answer.content.decode()
    assert not AuditEvent.objects.filter(verb="model.download").exists()
