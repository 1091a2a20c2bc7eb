"""A model version to take away: its files and how to load them, as a zip that is made while it is sent."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zipfile import ZIP_STORED, ZipFile

from django.conf import settings
from django.db import transaction
from django.utils.text import slugify
from django.utils.translation import gettext

from activelearning.engine import job as files
from activelearning.models import ModelVersion
from annotation.access import ProjectContext
from annotation.services.exports import Export
from daner_site.accounts.audit import audit

BLOCK = 1 << 20
KEPT = (files.TENSORS, files.DESCRIPTION)
METRICS, README = "metrics.json", "README.md"

README_TEXT = """\
# {project}, model {version}

Finds {labels} in text. {tier} tier, learned from {train} labelled documents; measured on {test} others: {quality}.
{verdict}
- `model.safetensors`: what training changed (sha256 `{sha256}`).
- `model.json`: labels, tier, and the pretrained encoder it belongs to, `{checkpoint}`, by name and hash.
  The encoder itself is not in here: it comes with DANER, or from where the project was told to take it.
- `metrics.json`: quality overall and per label; intervals are 95 %.

The model reads words and their shapes and decides on the tags of a whole sentence together (a
conditional random field). That is no token-classification head of the Transformers library, which
therefore cannot load it. DANER's own engine does: with DANER installed, in the folder of this file,

```python
from pathlib import Path

from activelearning.engine import scorer, trained
from activelearning.engine.types import Text
from annotation.domain.text import tokenize

model = trained.load(Path("."))
text = "Ada Lovelace flew to Oslo."
for document in scorer.score(model, [Text("1", text, tuple(tokenize(text)))]):
    for span in document.spans:
        print(text[span.start : span.end], span.label, round(span.confidence, 2))
```
"""


class ArtefactMissing(ValueError):
    """The version's files are not there; the message is for people."""


@transaction.atomic
def artefact_zip(*, ctx: ProjectContext, version: ModelVersion) -> Export:
    """Start the download of a version. Raises ArtefactMissing where its files are gone."""
    folder = Path(settings.DANER_ARTEFACTS) / version.artefact
    if not version.artefact or not all((folder / name).is_file() for name in KEPT):
        raise ArtefactMissing(
            gettext("The files of {name} are not kept any more; newer versions have replaced it.").format(
                name=version.name
            )
        )
    audit(
        organization=ctx.organization,
        actor=ctx.user,
        verb="model.download",
        project_uuid=ctx.project.uuid,
        target_uuid=version.uuid,
        payload={"version": version.name},
    )
    name = f"{slugify(ctx.project.name) or 'project'}-{version.name}"
    return Export(f"{name}.zip", "application/zip", _parts(name, folder, _texts(version)))


def _texts(version: ModelVersion) -> dict[str, str]:
    quality = "not measured"
    if version.measured:
        interval = version.metrics.get("interval")
        quality = f"F1 {version.metrics['overall']['f1']:.3f}"
        quality += " [{:.3f}, {:.3f}]".format(*interval["f1"]) if interval else ""
    readme = README_TEXT.format(
        project=version.project.name,
        version=version.name,
        labels=", ".join(version.labels),
        tier=version.tier.capitalize(),
        train=version.train_documents,
        test=version.test_documents,
        quality=quality,
        verdict=f"\n{version.verdict}\n" if version.withheld else "",
        sha256=version.artefact_sha256,
        checkpoint=version.checkpoint,
    )
    return {README: readme, METRICS: json.dumps(version.metrics, ensure_ascii=False, indent=1)}


def _parts(name: str, folder: Path, texts: dict[str, str]) -> Iterator[bytes]:
    sink = _Sink()
    with ZipFile(sink, "w", ZIP_STORED) as archive:
        for inner, content in texts.items():
            archive.writestr(f"{name}/{inner}", content)
        for inner in KEPT:
            with (folder / inner).open("rb") as source, archive.open(f"{name}/{inner}", "w", force_zip64=True) as entry:
                while block := source.read(BLOCK):
                    entry.write(block)
                    yield sink.take()
    yield sink.take()


class _Sink(io.RawIOBase):
    """A file that can only be written; `take` gives what was written since the last time."""

    def __init__(self) -> None:
        super().__init__()
        self._written = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._written += data
        return len(data)

    def take(self) -> bytes:
        taken, self._written = bytes(self._written), bytearray()
        return taken
