"""What noise-aware training is worth: one project after another is played on documents whose gold is known.

Everything a project decides it decides here as in the product: the vote, the consensus, what reviewers
have to have settled before it is used, weights, suspicion, the fast tier. Gold is measured on, stands in
for reviewers, and says which labels were wrong; no training sees it otherwise.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from activelearning.engine import evaluation, trainer
from activelearning.engine.devices import settle
from activelearning.engine.features import FeatureStore
from activelearning.engine.suspicion import suspicions
from activelearning.engine.types import Example, Suspicion, Tier, TrainConfig
from annotation.domain.spans import LabelledSpan
from daner_site.experiments.crowds import Corpus
from quality.domain.judgements import JudgedDocument, Judgement
from quality.numeric.calibration import fit as calibrated
from quality.numeric.consensus import AUTO, Consensus, consensus
from quality.numeric.training import Settled, against_vote, consensus_weight, trust

OVERLAPPED = 0.25
"""Share of documents that several people label in the first play."""
SEVERAL = 3
SETTLED = 0.5
"""Share of the documents with several people that reviewers have settled."""
LOOKED_AT = 0.2
"""Share of single labels that are looked at a second time."""
TOPS = (0.05, 0.1, 0.2)

Spans = Mapping[str, tuple[LabelledSpan, ...]]
Result = dict[str, Any]


class Play:
    """One corpus with one seed."""

    def __init__(self, corpus: Corpus, features: FeatureStore, seed: int) -> None:
        self.corpus, self.features, self.seed = corpus, features, seed
        self.config = TrainConfig(corpus.labels, seed=seed, tier=Tier.FAST)
        self.chance = random.Random(seed + 1)  # noqa: S311  reproducible draws

    def labels(self, share: float) -> Result:
        """F1 with each way to make training labels, where `share` of the documents have several people."""
        documents = [
            asked(document, self.corpus.labels, SEVERAL if self.chance.random() < share else 1, self.chance)
            for document in self.corpus.documents
        ]
        several = [document for document in documents if _people(document) > 1]
        votes = _of(consensus(documents, self.corpus.labels, "vote"))
        found = consensus(several, self.corpus.labels, AUTO)
        usable, weights = self._usable(documents, several, votes, found)
        combined = {**votes, **_of(found)}
        result: Result = {"method": found.method, "several": len(several), "used": usable}
        result["today"] = self._f1(documents, votes)
        result["consensus"] = self._f1(documents, combined) if found.method != "vote" else result["today"]
        result["product"] = result["consensus"] if usable else result["today"]
        result["weighed"] = self._f1(documents, combined if usable else votes, weights)
        return result

    def doubts(self) -> Result:
        """How well suspicion finds wrong labels, and F1 after a second look at as many chosen by chance and by it."""
        documents = [asked(document, self.corpus.labels, 1, self.chance) for document in self.corpus.documents]
        votes = _of(consensus(documents, self.corpus.labels, "vote"))
        wrong = {item.id: set(votes[item.id]) != set(item.gold or ()) for item in documents}
        found = suspicions(self._examples(documents, votes), set(votes), self.config, features=self.features)
        result: Result = {"base": sum(wrong.values()) / len(wrong), **_precision(found, wrong)}
        budget = round(LOOKED_AT * len(documents))
        picks = {
            "chance": set(self.chance.sample(sorted(votes), budget)),
            "doubted": {item.document_id for item in found[:budget]},
        }
        seconds = self._with_second(documents)
        result["once"] = self._f1(documents, votes)
        for name, ids in picks.items():
            result[f"second_{name}"] = self._f1(documents, {**votes, **{key: seconds[key] for key in ids}})
            settled = {item.id: tuple(item.gold or ()) for item in documents if item.id in ids}
            result[f"settled_{name}"] = self._f1(documents, {**votes, **settled})
        return result

    def _usable(
        self, documents: Sequence[JudgedDocument], several: Sequence[JudgedDocument], votes: Spans, found: Consensus
    ) -> tuple[bool, dict[str, float]]:
        """Whether the product would learn the consensus, and what each document would count."""
        sample = self.chance.sample(list(several), round(SETTLED * len(several)))
        settled = [
            (span.confidence, LabelledSpan(span.start, span.end, span.label) in set(item.gold or ()))
            for item in sample
            for span in found.spans[item.id]
        ]
        calibration = calibrated([confidence for confidence, _ in settled], [right for _, right in settled])
        compared = against_vote([Settled(item.gold or (), [votes[item.id]], _of(found)[item.id]) for item in sample])
        usable = found.method != "vote" and calibration is not None and compared.as_good
        trusted = trust(found.reliability)
        usual = sum(trusted.values()) / len(trusted) if trusted else 1.0
        weights = {}
        for item in documents:
            if item.id not in found.spans:
                people = [trusted.get(judgement.annotator, usual) for judgement in item.judgements]
                weights[item.id] = sum(people) / len(people)
            elif usable and calibration is not None:
                weights[item.id] = consensus_weight(found.spans[item.id], calibration)
        return usable, weights

    def _with_second(self, documents: Sequence[JudgedDocument]) -> Spans:
        """Each document with a second person's labels beside the first's, as the vote of two makes it."""
        whole = {document.id: document for document in self.corpus.documents}
        both = [asked(whole[item.id], self.corpus.labels, 2, self.chance, keep=item.judgements) for item in documents]
        return _of(consensus(both, self.corpus.labels, "vote"))

    def _examples(
        self, documents: Sequence[JudgedDocument], spans: Spans, weights: Mapping[str, float] | None = None
    ) -> list[Example]:
        weights = weights or {}
        return [
            Example(item.id, item.text, item.tokens, spans[item.id], weights.get(item.id, 1.0)) for item in documents
        ]

    def _f1(
        self, documents: Sequence[JudgedDocument], spans: Spans, weights: Mapping[str, float] | None = None
    ) -> float:
        model = trainer.fit(self._examples(documents, spans, weights), self.config, features=self.features)
        return evaluation.evaluate_model(model, self.corpus.test).overall.f1


def asked(
    document: JudgedDocument,
    labels: Sequence[str],
    people: int,
    chance: random.Random,
    keep: Sequence[Judgement] = (),
) -> JudgedDocument:
    """The document as if only so many people had been asked about each label, those in `keep` first."""
    chosen: dict[str, set[str]] = {}
    for label in labels:
        who = [j.annotator for j in document.judgements if j.asked is None or label in j.asked]
        first = [j.annotator for j in keep if j.asked is None or label in j.asked]
        others = [name for name in who if name not in first]
        # Who is asked about everything is asked once for all labels.
        again = [name for name in others if name in chosen and all(j.asked is None for j in document.judgements)]
        drawn = again or chance.sample(others, min(max(0, people - len(first)), len(others)))
        for name in [*first, *drawn]:
            chosen.setdefault(name, set()).add(label)
    return replace(
        document,
        judgements=tuple(
            replace(
                j,
                spans=tuple(s for s in j.spans if s.label in chosen[j.annotator]),
                asked=frozenset(chosen[j.annotator]),
            )
            for j in document.judgements
            if j.annotator in chosen
        ),
    )


def measure(
    corpora: Callable[[int], Corpus], features: FeatureStore, seeds: int, tell: Callable[[str], None]
) -> list[Result]:
    """All plays of one corpus, a result a seed; `tell` hears of each as it ends."""
    settle(1)
    found = []
    for seed in range(seeds):
        corpus = corpora(seed)
        play = Play(corpus, features, seed)
        result = {"corpus": corpus.name, "seed": seed, "documents": len(corpus.documents), "test": len(corpus.test)}
        found.append(result | {"some": play.labels(OVERLAPPED), "all": play.labels(1.0), "single": play.doubts()})
        tell(f"{corpus.name}, seed {seed}: measured")
    return found


def _people(document: JudgedDocument) -> int:
    """How many were asked about the label that most were asked about."""
    asked_about = [judgement.asked or frozenset() for judgement in document.judgements]
    return max((sum(label in one for one in asked_about) for label in frozenset().union(*asked_about)), default=0)


def _of(found: Consensus) -> dict[str, tuple[LabelledSpan, ...]]:
    """Spans of each document; of two labels on the same words the likelier, as the tagger can learn only one."""
    result = {}
    for identifier, spans in found.spans.items():
        kept: list[LabelledSpan] = []
        for item in sorted(spans, key=lambda item: (-item.confidence, item.start - item.end, item.start, item.label)):
            span = LabelledSpan(item.start, item.end, item.label)
            if not any(span.touches(other) for other in kept):
                kept.append(span)
        result[identifier] = tuple(sorted(kept))
    return result


def _precision(found: Sequence[Suspicion], wrong: Mapping[str, bool]) -> Result:
    """Area under the curve, and the share of wrong ones among the most suspicious."""
    ranks = [wrong[item.document_id] for item in found]
    bad, good = sum(ranks), len(ranks) - sum(ranks)
    below, area = good, 0
    for is_wrong in ranks:
        area += below if is_wrong else 0
        below -= not is_wrong
    tops = {f"top_{round(100 * top)}": sum(ranks[: (n := max(1, round(top * len(ranks))))]) / n for top in TOPS}
    return {"auc": area / (bad * good) if bad and good else None, **tops}
