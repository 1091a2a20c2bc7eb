"""An engine that learns in milliseconds: it remembers the labelled words.

Use it in place of the real one:

    settings.DANER_ENGINE_COMMAND = fake_engine()            # or fake_engine("--steps", "50", "--pause", "0.1")
    settings.DANER_PREDICTOR = "tests.fakes.predict"

It speaks the real protocol over the real process boundary. Scores depend on the document's id
and on what was learned, so each training gives another order, and the same one every time.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import signal
import sys
import threading
import time
from collections.abc import Iterable
from pathlib import Path

from activelearning.domain.metrics import Counts, document_counts, total
from activelearning.domain.selection import (
    RANDOM,
    STRATEGIES,
    Ranked,
    SelectionConfig,
    is_chance,
    score_of,
    shuffled,
)
from activelearning.domain.succession import against
from activelearning.engine import job as files
from activelearning.engine.types import Example, PredictedSpan, ScoredDocument, Suspicion, Text, Tier
from annotation.domain.spans import LabelledSpan

MEMORY = "memory.json"


def fake_engine(*options: str) -> list[str]:
    """The command; options: --steps N, --pause SECONDS a step, --fail MESSAGE, --die (once a run by signal 9),
    --forgetful (the full tier learns nothing).
    """
    return [sys.executable, "-m", "tests.fakes", *options]


def learn(examples: Iterable[Example]) -> dict[str, str]:
    """Surface form → label."""
    return {e.text[s.start : s.end]: s.label for e in examples for s in e.spans}


def find(text: Text, memory: dict[str, str]) -> tuple[PredictedSpan, ...]:
    found, free = [], 0
    pattern = "|".join(re.escape(surface) for surface in sorted(memory, key=len, reverse=True))
    for match in re.finditer(pattern, text.text) if memory else ():
        if match.start() >= free and match.group():
            found.append(PredictedSpan(match.start(), match.end(), memory[match.group()], 0.75))
            free = match.end()
    return tuple(found)


def number(*parts: str) -> float:
    """A number in [0, 1) that depends on `parts` and nothing else."""
    return int.from_bytes(hashlib.sha256("\0".join(parts).encode()).digest()[:6]) / 2**48


def read(text: Text, memory: dict[str, str]) -> ScoredDocument:
    known = json.dumps(memory, sort_keys=True)
    scores = {
        "mnlp": -number("mnlp", text.document_id, known),
        "mnlp_length": -number("mnlp_length", text.document_id, known),
        "least_confidence": -number("least_confidence", text.document_id, known) * len(text.tokens),
        "margin": number("margin", text.document_id, known),
        "entropy": number("entropy", text.document_id, known),
        "entities": number("entities", text.document_id, known),
    }
    return ScoredDocument(text.document_id, len(text.tokens), scores, find(text, memory))


def rank(scored: list[ScoredDocument], config: SelectionConfig) -> list[Ranked]:
    """Stands in for `activelearning.engine.acquisition.order`: by score alone, with chance's share of the places."""
    drawn = shuffled([document.document_id for document in scored], seed=config.seed)
    if config.strategy == RANDOM:
        return drawn
    sign = STRATEGIES[config.strategy].sign
    values = {d.document_id: score_of(config, d.scores, d.n_words) for d in scored}
    own = [
        Ranked(key, value, config.strategy) for key, value in sorted(values.items(), key=lambda item: sign * item[1])
    ]
    found: dict[str, Ranked] = {}
    for place in range(len(own)):
        source = drawn if is_chance(place, config.random_share) else own
        pick = next(ranked for ranked in source if ranked.document_id not in found)
        found[pick.document_id] = pick
    return list(found.values())


def predict(folder: str, texts: list[Text]) -> list[ScoredDocument]:
    """Stands in for `activelearning.engine.predictor.predict`."""
    memory = files.read_json(Path(folder) / MEMORY)
    return [read(text, memory) for text in texts]


def count(texts: list[Example], memory: dict[str, str]) -> dict[str, dict[str, Counts]]:
    return {
        e.document_id: document_counts(e.spans, [LabelledSpan(s.start, s.end, s.label) for s in find(e, memory)])
        for e in texts
    }


def beside_former(job: files.Job, texts: list[Example], counts: dict[str, dict[str, Counts]]) -> dict[str, object]:
    """What the engine measures of a version of the full tier after a fast one."""
    former = Path(job.previous)
    if not job.previous or [job.config.tier, files.read_json(former / files.DESCRIPTION)["tier"]] != ["full", "fast"]:
        return {}
    theirs = count(texts, files.read_json(former / MEMORY))
    found = against(list(theirs.values()), list(counts.values()), job.config.labels)
    return {"against": found} if found else {}


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--pause", type=float, default=0.0)
    parser.add_argument("--fail")
    parser.add_argument("--die", action="store_true")
    parser.add_argument("--forgetful", action="store_true")
    parser.add_argument("folder", type=Path)
    options = parser.parse_args()
    threading.Thread(target=end_with_parent, daemon=True).start()
    folder: Path = options.folder
    job = files.read_job(folder)
    pool = files.read_texts(folder / files.POOL)
    if not job.model:
        files.write_ranking(folder / files.RANKING, shuffled([text.document_id for text in pool], seed=0))
        say(event="done", seconds={"select": 0.1})
        return files.DONE_EXIT
    model = files.model_folder(folder, job)
    if not files.model_exists(model):
        for step in range(1, options.steps + 1):
            say(event="progress", stage="fit", done=step, total=options.steps, loss=1 / step)
            time.sleep(options.pause)
        if options.fail:
            say(event="error", message=options.fail)
            return files.FAILED_EXIT
        if options.die:
            os.kill(os.getpid(), signal.SIGKILL)
        model.mkdir()
        forgotten = options.forgetful and job.config.tier == Tier.FULL
        memory = {} if forgotten else learn(files.read_examples(folder / files.TRAIN))
        files.write_json(model / MEMORY, memory)
        (model / files.TENSORS).write_text(json.dumps(memory))
        described = {
            "format": files.FORMAT,
            "checkpoint": "fake",
            "labels": list(job.config.labels),
            "tier": job.config.tier,
        }
        files.write_json(model / files.DESCRIPTION, described)
    memory = files.read_json(model / MEMORY)
    test = files.read_examples(folder / files.TEST)
    counts = count(test, memory)
    metrics = total(counts.values()).as_dict() | beside_former(job, test, counts)
    files.write_json(folder / files.METRICS, metrics)
    if job.fit:
        files.write_json(model / files.COUNTS, counts)
    scored = [read(text, memory) for text in pool]
    files.write_scores(folder / files.SCORES, scored)
    if judged := files.read_judged(folder):
        doubts = [Suspicion(key, 4 * number("doubt", key), ()) for key in sorted(judged)]
        files.write_doubts(folder / files.DOUBTS, sorted(doubts, key=lambda item: -item.wrong_words))
    files.write_ranking(folder / files.RANKING, rank(scored, job.selection))
    say(event="done", seconds={"fit": 0.1, "evaluate": 0.1, "score": 0.1})
    return files.DONE_EXIT


def say(**message: object) -> None:
    print(json.dumps(message), flush=True)


def end_with_parent() -> None:
    while os.read(0, 4096):
        pass
    os._exit(files.ORPHANED_EXIT)


if __name__ == "__main__":
    sys.exit(main())
