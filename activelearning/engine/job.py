"""The files between DANER and an engine process; no torch here, so both sides can read them.

A job is a folder:

* `job.json`    the job; written last, so a folder with it is complete
* `train.jsonl`, `test.jsonl`, `pool.jsonl`   texts, one JSON object a line
* `model/`      the trained model; `model.json` in it is written last
* `metrics.json`   entity-level quality on the test texts; `stability`: how far the version before agrees;
  `against`: how a version of the full tier compares with a fast one before it, on the same texts
* `scores.jsonl`   a scored document a line; `scores/` while they are being made; not made, nor is the ranking, for a
  version that `against` says is not to be used
* `judged.json`   ids of the training documents whose labels are to be judged; may be none
* `doubts.jsonl`  those documents, the labels a model of the others expects least first
* `ranking.jsonl`  the pool in the order to label it, an `activelearning.domain.selection.Ranked` a line

An output that exists is not made again: a process started over continues where the last one ended.

On its standard output the engine writes one JSON object a line:
`{"event": "progress", "stage": "features"|"fit"|"evaluate"|"score"|"suspect", "done": 3, "total": 150, "loss": 0.4}`,
`{"event": "done", "seconds": {"fit": 11.2, …}}`, or `{"event": "error", "message": "…"}` for people to read.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from activelearning.domain.selection import CostModel, Ranked, SelectionConfig
from activelearning.engine.types import Example, PredictedSpan, ScoredDocument, Suspicion, Text, Tier, TrainConfig
from annotation.domain.spans import LabelledSpan

JOB = "job.json"
TRAIN, TEST, POOL = "train.jsonl", "test.jsonl", "pool.jsonl"
MODEL, METRICS, SCORES, RANKING = "model", "metrics.json", "scores.jsonl", "ranking.jsonl"
JUDGED, DOUBTS = "judged.json", "doubts.jsonl"
PARTS, PARTIAL = "scores", "model.partial"
"""Folders of what an unfinished process has done so far."""
COUNTS = "counts.json"
"""In the model's folder: test document → label → [gold, predicted, correct]."""
TENSORS, DESCRIPTION = "model.safetensors", "model.json"
FORMAT = 4
"""Of a saved model: what its tensors are."""
OLDEST_READ: dict[str, int] = {Tier.FULL: 4}
"""Of a tier, 0 where it is not named; until 3 a full model was its tagger alone, with one layer more."""
DONE_EXIT, FAILED_EXIT, ORPHANED_EXIT = 0, 1, 3


@dataclass(frozen=True, slots=True)
class Job:
    config: TrainConfig
    model: str = MODEL
    """Folder of the model, absolute or within the job's; "": none, the pool is put in the order of a cold start."""
    fit: bool = True
    """Train if the model is not there yet; else it must be there."""
    warm_start: str = ""
    """Folder of a fast model of the same labels and checkpoint to go on from, absolute; "": from scratch."""
    previous: str = ""
    """Folder of the version in use, absolute, to measure this one beside it; "": there is none."""
    features: str = ""
    """Folder of the cached word features, absolute; "": none are kept."""
    selection: SelectionConfig = field(default_factory=SelectionConfig)
    threads: int = 1
    nice: int = 5


def write_job(
    folder: Path,
    job: Job,
    *,
    train: Iterable[Example],
    test: Iterable[Example],
    pool: Iterable[Text],
    judged: Iterable[str] = (),
) -> None:
    """Write the inputs; an incomplete folder of an earlier attempt is written over."""
    folder.mkdir(parents=True, exist_ok=True)
    _write_lines(folder / TRAIN, train)
    _write_lines(folder / TEST, test)
    _write_lines(folder / POOL, pool)
    write_json(folder / JUDGED, list(judged))
    write_json(folder / JOB, asdict(job))


def is_complete(folder: Path) -> bool:
    return (folder / JOB).is_file()


def read_job(folder: Path) -> Job:
    fields = json.loads((folder / JOB).read_text(encoding="utf-8"))
    config, selection = fields.pop("config"), fields.pop("selection")
    return Job(
        config=TrainConfig(**config | {"labels": tuple(config["labels"])}),
        selection=SelectionConfig(**selection | {"cost": CostModel(**selection["cost"])}),
        **fields,
    )


def model_folder(folder: Path, job: Job) -> Path:
    return folder / job.model


def model_exists(folder: Path) -> bool:
    return (folder / DESCRIPTION).is_file()


def model_is_readable(description: dict[str, Any]) -> bool:
    """Whether this release still builds models of that kind."""
    oldest = OLDEST_READ.get(description.get("tier", Tier.FULL), 0)
    return int(description.get("format", 0)) >= oldest


def model_sha256(folder: Path) -> str:
    """Hash of a saved model's tensors."""
    with (folder / TENSORS).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_judged(folder: Path) -> set[str]:
    path = folder / JUDGED
    return set(read_json(path)) if path.exists() else set()


def read_texts(path: Path) -> list[Text]:
    return [Text(row["document_id"], row["text"], _tokens(row)) for row in _lines(path)]


def read_examples(path: Path) -> list[Example]:
    return [
        Example(
            row["document_id"],
            row["text"],
            _tokens(row),
            tuple(LabelledSpan(**span) for span in row["spans"]),
            row.get("weight", 1.0),
        )
        for row in _lines(path)
    ]


def read_scores(path: Path) -> Iterator[ScoredDocument]:
    for row in _lines(path):
        spans = tuple(PredictedSpan(**span) for span in row.pop("spans"))
        yield ScoredDocument(**row, spans=spans)


def read_doubts(path: Path) -> Iterator[Suspicion]:
    for row in _lines(path):
        spans = tuple(PredictedSpan(**span) for span in row.pop("spans"))
        yield Suspicion(**row, spans=spans)


def write_doubts(path: Path, doubts: Iterable[Suspicion]) -> None:
    _write_lines(path, doubts)


def read_ranking(path: Path) -> Iterator[Ranked]:
    for row in _lines(path):
        yield Ranked(**row)


def write_ranking(path: Path, ranking: Iterable[Ranked]) -> None:
    _write_lines(path, ranking)


def write_scores(path: Path, documents: Iterable[ScoredDocument]) -> None:
    _write_lines(path, documents)


def write_json(path: Path, value: Any) -> None:
    """All of it or nothing."""
    partial = path.with_name(f"{path.name}.partial")
    partial.write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")
    partial.replace(path)


def read_json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def _write_lines(path: Path, rows: Iterable[Text | ScoredDocument | Ranked | Suspicion]) -> None:
    partial = path.with_name(f"{path.name}.partial")
    with partial.open("w", encoding="utf-8") as file:
        for row in rows:
            fields = asdict(row)
            fields.pop("vector", None)
            file.write(json.dumps(fields, ensure_ascii=False) + "\n")
    partial.replace(path)


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8", newline="\n") as file:
        for line in file:
            yield json.loads(line)


def _tokens(row: dict[str, Any]) -> tuple[tuple[int, int], ...]:
    return tuple((start, end) for start, end in row["tokens"])
