"""The zip of a real model: unpacked elsewhere, loaded by the lines of its own README."""

from __future__ import annotations

import io
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from activelearning.engine import job as files
from activelearning.engine import trainer
from activelearning.engine.types import TrainConfig
from activelearning.services.downloads import README, artefact_zip
from annotation.access import project_context
from tests.engine.corpus import examples
from tests.factories import model_version_make

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("tier", ["fast", "full"])
def test_the_readme_s_own_lines_find_entities(cast, settings, tmp_path, tier):
    settings.DANER_ARTEFACTS = tmp_path
    model = trainer.fit(examples(40), TrainConfig(("PER", "LOC"), tier=tier, max_steps=40))
    model.save(tmp_path / "made" / "model")
    version = model_version_make(
        cast.project_a,
        artefact="made/model",
        artefact_sha256=files.model_sha256(tmp_path / "made" / "model"),
        checkpoint=model.checkpoint.name,
        tier=tier,
    )
    ctx = project_context(cast.alice, cast.org_a.slug, cast.project_a.uuid)
    assert ctx is not None
    opened = artefact_zip(ctx=ctx, version=version)
    archive = zipfile.ZipFile(io.BytesIO(b"".join(opened.parts)))
    archive.extractall(tmp_path / "elsewhere")
    folder = tmp_path / "elsewhere" / opened.filename.removesuffix(".zip")
    lines = re.search(r"```python\n(.*?)```", (folder / README).read_text(encoding="utf-8"), re.DOTALL)
    assert lines is not None
    said = subprocess.run(
        [sys.executable, "-c", lines[1]],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "Ada Lovelace PER" in said.stdout
    assert "Oslo LOC" in said.stdout
