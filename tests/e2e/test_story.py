"""The main job on a running `manage.py up`: real browser, sockets, workers and training.

A manager brings a real corpus, two annotators label from its gold, the model retrains by itself,
both pages change without a reload, a conflict becomes gold, gold enters the next snapshot, and
the export round-trips.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

import pytest

from annotation.domain.formats import ParsedDocument, parse
from tests.conftest import wait_until
from tests.e2e.site_tools import (
    PASSWORD,
    LiveSite,
    import_file,
    mark,
    sign_up_with_project,
    submit,
    workspace,
)
from tests.platform.test_up import ROOT

WNUT = ROOT.parent / "shared" / "data" / "wnut17"
LABELS = ["person", "location", "corporation", "group", "product", "creative-work"]
EACH = 20
"""Documents that each of the two annotators labels."""

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.slow,
    pytest.mark.skipif(not WNUT.exists(), reason="the shared corpora are not here"),
]


def test_the_main_job_from_upload_to_export(site: LiveSite, new_page: Any, tmp_path: Path) -> None:
    gold = gold_by_text(WNUT / "train.conll")
    manager = new_page()
    project = set_up_project(site, manager)
    import_file(manager, project, WNUT / "train.conll", labelled=False, split="pool")
    import_file(manager, project, WNUT / "test.conll", labelled=True, split="test")
    assert site.one("select count(*) from annotation_document where split='pool'") > 3000
    assert site.one("select count(*) from annotation_annotation where kind='gold'") > 1200
    people = [add_annotator(site, manager, new_page(), project, name) for name in ("ada", "bea")]

    # The manager's overview stays open: everything below must change it without a reload.
    manager.goto(project)
    manager.evaluate("window.neverReloaded = true")
    manager.wait_for_selector("text=No model yet")
    first, second = people
    seen, _ = label_documents(first, project, gold, EACH)
    _, conflict = label_documents(second, project, gold, EACH, err_on=seen)

    # A retrain has started by itself; it finishes, and both open pages learn of it.
    manager.wait_for_selector("#run-panel >> text=/v\\d+ in use/", timeout=480_000)
    assert manager.evaluate("window.neverReloaded") is True
    manager.wait_for_selector("#curve-panel circle")
    assert site.one("select count(*) from activelearning_modelversion") >= 1
    second.wait_for_function("window.queueNudges > 0", timeout=30_000)
    wait_until(lambda: not live_runs(site), 300, "a run does not end")

    # The next document is the one that the newest model ranks first among what is free.
    submit(second)
    shown = workspace(second)
    assert shown is not None
    assert shown["document"] == best_free_document(site, "bea")
    assert shown["why"]["strategy"] in ("default", "random")
    assert shown["why"]["model"] == newest_model(site)

    review_document(site, manager, project, conflict)
    wait_for_gold_in_snapshot(site, manager, project, conflict)
    export_round_trips(manager, project, tmp_path)


def gold_by_text(path: Path) -> dict[str, tuple[Any, ...]]:
    rows = parse("conll", path.read_text(encoding="utf-8"))
    return {row.text: tuple(row.spans or ()) for row in rows if isinstance(row, ParsedDocument)}


def set_up_project(site: LiveSite, page: Any) -> str:
    """Sign up, name an organisation, make a project; returns the project's address."""
    project = sign_up_with_project(site, page, "Tweet Works", "Emerging names", LABELS)
    page.goto(project + "settings/")
    page.fill("[name=overlap_percent]", "50")
    page.fill("[name=retrain_after]", "15")
    page.get_by_role("button", name="Save settings").click()
    page.wait_for_selector("text=Settings saved")
    return project


def add_annotator(site: LiveSite, manager: Any, page: Any, project: str, name: str) -> Any:
    """Invite by link, join with a new account, get a role in the project."""
    organization = project.split("/p/")[0]
    manager.goto(organization + "/members/")
    manager.get_by_role("button", name="Make an invitation link").click()
    page.goto(manager.locator("#invitation-link").input_value())
    page.fill("[name=username]", name)
    page.fill("[name=password]", PASSWORD)
    page.locator("main button.btn-primary").click()
    page.wait_for_url("**/o/**")
    manager.goto(project + "members/")
    manager.select_option("[name=user]", label=f"{name} ({name})")
    manager.select_option("main form.form [name=role]", "annotator")
    manager.get_by_role("button", name="Add", exact=True).click()
    manager.wait_for_selector(f"tbody >> text={name}")
    # Counts queue nudges from here on, in whatever page this person has open.
    page.add_init_script(
        """window.queueNudges = 0;
        document.addEventListener("DOMContentLoaded", () =>
          document.body.addEventListener("live:queue", () => { window.queueNudges += 1; }));"""
    )
    return page


def label_documents(
    page: Any, project: str, gold: dict[str, tuple[Any, ...]], count: int, *, err_on: Collection[str] = ()
) -> tuple[list[str], str]:
    """Label so many documents from the gold, by mouse and keys; their ids.

    The first of `err_on` that has entities is left without them; its id comes second.
    """
    page.goto(project + "annotate/")
    labelled, erred = [], ""
    for _ in range(count):
        page.wait_for_selector(".editor-text [data-token]")
        shown = workspace(page)
        assert shown is not None
        spans = gold[shown["text"]]
        keys = {label["name"]: label["key"] for label in shown["labels"]}
        labelled.append(shown["document"])
        if not erred and spans and shown["document"] in err_on:
            erred = shown["document"]
        else:
            for span in spans:
                mark(page, span.start, span.end, keys[span.label])
        submit(page)
    return labelled, erred


def live_runs(site: LiveSite) -> int:
    return int(site.one("select count(*) from activelearning_trainingrun where status in ('queued', 'running')"))


def newest_model(site: LiveSite) -> str:
    return f"v{site.one('select max(number) from activelearning_modelversion')}"


def best_free_document(site: LiveSite, username: str) -> str:
    """What the rules say, read from the tables: best rank with a free slot, not yet this person's."""
    return hex_uuid(
        site.one(
            """
            select d.uuid from annotation_queueentry q
            join annotation_project p on p.id = q.project_id and p.queue_generation = q.generation
            join annotation_document d on d.id = q.document_id
            where not exists (
                select 1 from annotation_assignment a join accounts_user u on u.id = a.annotator_id
                where a.document_id = d.id and u.username = ? and a.status != 'active')
            and (select count(*) from annotation_assignment a join accounts_user u on u.id = a.annotator_id
                 where a.document_id = d.id and a.status in ('active', 'reserved', 'submitted', 'rejected')
                 and not (u.username = ? and a.status = 'active')) < d.overlap_target
            order by q.position limit 1
            """,
            username,
            username,
        )
    )


def hex_uuid(raw: str) -> str:
    return f"{raw[:8]}-{raw[8:12]}-{raw[12:16]}-{raw[16:20]}-{raw[20:]}"


def review_document(site: LiveSite, page: Any, project: str, document: str) -> None:
    """Find the conflict on the reviewer's page and settle it with the keyboard."""
    case = site.one(
        "select c.uuid from quality_adjudicationcase c join annotation_document d on d.id = c.document_id "
        "where d.uuid = ? and c.status = 'open'",
        document.replace("-", ""),
    )
    assert case, "the conflict did not become a case"
    page.goto(project + "conflicts/")
    assert page.locator(f"a[href*='{hex_uuid(case)}']").count() >= 1
    page.goto(f"{project}review/{hex_uuid(case)}/")
    page.wait_for_selector("[data-tools]:not([hidden])")
    # A decision moves on to the next open place by itself.
    for _ in range(page.locator("[data-group]:not(.group-agreed)").count()):
        page.keyboard.press("1")
    page.wait_for_selector("text=All decided")
    page.keyboard.press("Shift+Enter")
    wait_until(
        lambda: site.one(
            "select count(*) from annotation_annotation a join annotation_document d on d.id = a.document_id "
            "where d.uuid = ? and a.kind = 'gold' and a.current",
            document.replace("-", ""),
        ),
        30,
        "the decision did not become gold",
    )


def wait_for_gold_in_snapshot(site: LiveSite, page: Any, project: str, document: str) -> None:
    """Train again; the snapshot names the gold annotation and none of the single ones."""
    annotations = dict(
        site.rows(
            "select a.uuid, a.kind from annotation_annotation a join annotation_document d "
            "on d.id = a.document_id where d.uuid = ? and a.current",
            document.replace("-", ""),
        )
    )
    wait_until(lambda: not live_runs(site), 300)
    before = site.one("select max(id) from activelearning_trainingrun where kind = 'fit'")
    page.goto(project + "models/")
    if site.one("select max(number) from activelearning_modelversion") and not has_gold(site, annotations):
        page.get_by_role("button", name="Train now").click()
        wait_until(lambda: site.one("select max(id) from activelearning_trainingrun where kind = 'fit'") > before, 30)
    wait_until(lambda: has_gold(site, annotations), 120, "the gold is in no snapshot")
    snapshot = site.one("select snapshot from activelearning_trainingrun order by id desc limit 1")
    singles = [uuid for uuid, kind in annotations.items() if kind == "human"]
    assert singles
    assert not any(hex_uuid(uuid) in snapshot for uuid in singles)


def has_gold(site: LiveSite, annotations: dict[str, str]) -> bool:
    [gold] = [uuid for uuid, kind in annotations.items() if kind == "gold"]
    found = site.one("select count(*) from activelearning_trainingrun where snapshot like ?", f"%{hex_uuid(gold)}%")
    return bool(found)


def export_round_trips(page: Any, project: str, folder: Path) -> None:
    """Everything out, into a second project, and out again: the same texts, offsets and labels."""
    first = folder / "first.jsonl"
    first.write_bytes(download(page, project))
    page.goto(project.split("/p/")[0] + "/p/new/")
    page.fill("[name=name]", "Again")
    page.fill("[name=labels]", ", ".join(LABELS))
    page.get_by_role("button", name="Create and add texts").click()
    page.wait_for_url("**/import/")
    again = page.url.removesuffix("import/")
    import_file(page, again, first, labelled=True, split="pool")
    assert comparable(download(page, again)) == comparable(first.read_bytes())


def download(page: Any, project: str) -> bytes:
    answer = page.request.get(project + "export/all.jsonl")
    assert answer.ok
    return bytes(answer.body())


def comparable(content: bytes) -> dict[str, Any]:
    """By text: everything that has to survive; not ids, times or the model's own proposals."""
    rows = [json.loads(line) for line in content.decode().splitlines()]
    assert len({row["text"] for row in rows}) == len(rows) > 4000
    return {row["text"]: {key: row.get(key) for key in ("tokens", "split", "gold", "annotations")} for row in rows}
