"""The engine as a process: files in, files and lines out."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from activelearning.engine import job as files
from activelearning.engine.types import Text, TrainConfig
from tests.engine.corpus import examples

ROOT = Path(__file__).resolve().parents[2]


def start(folder):
    return subprocess.Popen(
        [sys.executable, "-m", "activelearning.engine.child", str(folder)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


def run(folder):
    with start(folder) as process:
        said = [json.loads(line) for line in process.stdout]
        return process.wait(60), said


def write(folder, steps=6, labels=("PER", "LOC"), checkpoint="", features=""):
    pool = [Text(e.document_id, e.text, e.tokens) for e in examples(8, seed=3)]
    job = files.Job(TrainConfig(labels, checkpoint=checkpoint, max_steps=steps), features=features)
    files.write_job(folder, job, train=examples(12), test=examples(4, seed=2), pool=pool)


def test_a_job_survives_the_way_through_its_files(tmp_path):
    write(tmp_path)
    assert files.read_job(tmp_path) == files.Job(TrainConfig(("PER", "LOC"), max_steps=6))
    assert files.read_examples(tmp_path / files.TRAIN) == examples(12)
    odd = Text("odd", "line\u2028end\r\n\x85🧑‍🚀", ((0, 4),))
    files._write_lines(tmp_path / files.POOL, [odd])
    assert files.read_texts(tmp_path / files.POOL) == [odd]


def test_it_fits_measures_and_scores_and_a_second_start_does_only_what_is_left(tmp_path):
    write(tmp_path, features=str(tmp_path / "features"))
    status, said = run(tmp_path)
    assert status == files.DONE_EXIT
    stages = [message["stage"] for message in said if message["event"] == "progress"]
    assert sorted(set(stages), key=stages.index) == ["features", "fit", "evaluate", "score"]
    assert said[-1]["event"] == "done"
    assert files.read_json(tmp_path / files.METRICS)["documents"] == 4
    scored = list(files.read_scores(tmp_path / files.SCORES))
    assert {document.document_id for document in scored} == {e.document_id for e in examples(8)}

    before = files.model_sha256(tmp_path / files.MODEL)
    (tmp_path / files.SCORES).unlink()
    status, said = run(tmp_path)
    assert status == files.DONE_EXIT
    assert {message["stage"] for message in said if message["event"] == "progress"} == {"score"}
    assert files.model_sha256(tmp_path / files.MODEL) == before
    assert list(files.read_scores(tmp_path / files.SCORES)) == scored


def test_what_a_person_can_put_right_is_said(tmp_path):
    write(tmp_path, checkpoint=str(tmp_path))
    status, said = run(tmp_path)
    assert status == files.FAILED_EXIT
    assert said[-1]["event"] == "error"
    assert "no config.json" in said[-1]["message"]


@pytest.mark.slow
def test_it_ends_when_whoever_started_it_is_gone(tmp_path):
    write(tmp_path, steps=100_000)
    process = start(tmp_path)
    while (stage := json.loads(process.stdout.readline())["stage"]) == "features":
        pass
    assert stage == "fit"
    process.stdin.close()
    assert process.wait(30) == files.ORPHANED_EXIT
    process.stdout.close()


@pytest.mark.slow
def test_it_ends_while_it_is_still_importing(tmp_path):
    write(tmp_path, steps=100_000)
    process = start(tmp_path)
    time.sleep(0.5)
    process.stdin.close()
    assert process.wait(60) == files.ORPHANED_EXIT
    process.stdout.close()
