"""The pool in order: what must hold for every pool, and small ones checked by hand."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from activelearning.domain.selection import (
    BADGE,
    RANDOM,
    STRATEGIES,
    Ranked,
    SelectionConfig,
    is_chance,
    score_of,
    shuffled,
)
from activelearning.engine.acquisition import cold_order, content_vectors, order
from activelearning.engine.types import ScoredDocument, Text
from annotation.domain.text import tokenize

SCORED = [name for name in STRATEGIES if name != RANDOM]


def document(document_id, log_probability, n_words=10, *, vector=None, margin=0.5, entropy=0.5, entities=1.0):
    scores = {
        "mnlp": log_probability / n_words,
        "mnlp_length": log_probability / (n_words + 8),
        "least_confidence": log_probability,
        "margin": margin,
        "entropy": entropy,
        "entities": entities,
    }
    vector = None if vector is None else np.asarray(vector, np.float32)
    return ScoredDocument(document_id, n_words, scores, (), vector)


def pool(size, seed=0, *, vectors=True, repeated=0):
    """Documents and texts; the last `repeated` say what the first ones say, in other letters and spaces."""
    chance = np.random.default_rng(seed)
    documents, texts = [], {}
    for number in range(size):
        document_id = f"d{number:04}"
        n_words = int(chance.integers(1, 30))
        documents.append(
            document(
                document_id,
                -float(chance.gamma(2, 2)),
                n_words,
                vector=chance.normal(size=16) if vectors else None,
                margin=float(chance.random()),
                entropy=float(chance.random()),
                entities=float(chance.random() * 3),
            )
        )
        texts[document_id] = " ".join(f"w{word}" for word in chance.integers(0, 9999, n_words)) + f" {number}"
    for number in range(repeated):
        original, copy = documents[number], f"d{size - repeated + number:04}"
        documents[size - repeated + number] = replace(original, document_id=copy)
        texts[copy] = "  " + texts[original.document_id].upper() + "\n"
    return documents, texts


def ids(ranking):
    return [ranked.document_id for ranked in ranking]


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("vectors", [True, False])
@settings(max_examples=8, deadline=None)
@given(
    seed=st.integers(0, 99),
    size=st.integers(0, 90),
    shuffle=st.integers(0, 99),
    share=st.sampled_from([0, 0.1, 0.5]),
    long=st.integers(0, 3),
)
def test_every_document_once_and_the_order_of_arrival_does_not_matter(
    strategy, vectors, seed, size, shuffle, share, long
):
    documents, texts = pool(size, seed, vectors=vectors, repeated=size // 4)
    documents[:long] = [replace(d, n_words=9999) for d in documents[:long]]
    config = SelectionConfig(strategy, seed=seed, random_share=share, batch=7)
    ranking = order(documents, texts, config)
    assert sorted(ids(ranking)) == sorted(texts)
    arrival = [documents[place] for place in np.random.default_rng(shuffle).permutation(size)]
    assert order(arrival, texts, config) == ranking


@pytest.mark.parametrize("strategy", [name for name in SCORED if name != BADGE])
@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 999))
def test_without_diversity_the_order_is_that_of_the_score(strategy, seed):
    documents, texts = pool(80, seed)
    config = SelectionConfig(strategy, diversity=0, batch=10)
    sign = STRATEGIES[strategy].sign
    expected = sorted(documents, key=lambda d: (sign * score_of(config, d.scores, d.n_words), d.document_id))
    ranking = order(documents, texts, config)
    assert ids(ranking) == [d.document_id for d in expected]
    assert [r.score for r in ranking] == [score_of(config, d.scores, d.n_words) for d in expected]
    assert {r.strategy for r in ranking} == {strategy}


def test_the_scores_have_the_order_that_a_hand_finds():
    documents = [
        document("long", -6.0, 30, margin=0.4, entropy=0.1, entities=1.0),
        document("middle", -4.0, 8, margin=0.3, entropy=0.2, entities=3.0),
        document("short", -1.0, 1, margin=0.2, entropy=0.3, entities=0.5),
    ]
    texts = {d.document_id: d.document_id for d in documents}
    found = {name: ids(order(documents, texts, SelectionConfig(name, diversity=0)))[0] for name in SCORED}
    del found[BADGE]
    assert found == {
        "default": "middle",  # 4/16 > 6/38, 1/9
        "mnlp": "short",  # 1/1 > 4/8, 6/30
        "mnlp_length": "middle",
        "mnlp_diverse": "middle",
        "least_confidence": "long",
        "margin": "short",
        "entropy": "short",
        "entities_per_cost": "middle",  # 3/14 > 1/13.5, 0.5/4.75
    }


@pytest.mark.parametrize("strategy", SCORED)
@pytest.mark.parametrize("share", [0.1, 0.25])
def test_chance_has_its_share_of_places_and_they_say_so(strategy, share):
    ranking = order(*pool(300), SelectionConfig(strategy, random_share=share))
    assert [r.strategy == RANDOM for r in ranking] == [is_chance(place, share) for place in range(300)]
    assert all((r.score is None) == (r.strategy == RANDOM) for r in ranking)


def test_what_chance_draws_does_not_depend_on_the_scores():
    documents, texts = pool(400)
    config = SelectionConfig("mnlp", random_share=0.1, batch=10)
    other = [replace(d, scores=e.scores) for d, e in zip(documents, reversed(documents), strict=True)]
    one, two = ([r.document_id for r in order(d, texts, config) if r.strategy == RANDOM] for d in (documents, other))
    assert len(set(one[:8]) & set(two[:8])) > 5


@pytest.mark.parametrize("strategy", SCORED)
@pytest.mark.parametrize("vectors", [True, False])
def test_no_batch_has_the_same_text_twice_and_the_head_has_each_text_once(strategy, vectors):
    documents, texts = pool(200, vectors=vectors, repeated=60)
    ranking = order(documents, texts, SelectionConfig(strategy, batch=20, random_share=0.1))
    plain = [" ".join(texts[document_id].lower().split()) for document_id in ids(ranking)]
    assert len(set(plain[:140])) == 140, "copies come after every text has come once"
    assert max(Counter(plain).values()) == 2


def with_a_long_one(n_words):
    """Forty texts of ten words, and one of `n_words` that every strategy wants most."""
    documents, texts = pool(40)
    documents = [replace(d, n_words=10) for d in documents]
    long = document("long", -99.0 * n_words, n_words, margin=0.0, entropy=9.0, entities=999.0, vector=[100.0] * 16)
    return [*documents, long], texts | {"long": "quite another text"}


@pytest.mark.parametrize("strategy", SCORED)
def test_a_text_that_costs_too_much_of_the_work_so_far_waits_for_all_others(strategy):
    documents, texts = with_a_long_one(400)
    places = {}
    for labelled_words in (0, 1599, 1600):
        config = SelectionConfig(strategy, batch=5, labelled_words=labelled_words)
        places[labelled_words] = ids(order(documents, texts, config)).index("long")
    assert places[0] == places[1599] == 40
    assert places[1600] < 5, "a quarter of the words labelled so far is allowed"


@pytest.mark.parametrize("strategy", SCORED)
def test_a_text_of_less_than_eight_average_ones_does_not_wait(strategy):
    places = {}
    for n_words in (96, 98):  # eight average ones have 96.8 and 97.2
        documents, texts = with_a_long_one(n_words)
        places[n_words] = ids(order(documents, texts, SelectionConfig(strategy, batch=5))).index("long")
    assert places[96] < 5
    assert places[98] == 40


@pytest.mark.parametrize("strategy", SCORED)
def test_chance_draws_a_long_text_when_its_turn_comes(strategy):
    documents, texts = with_a_long_one(400)
    seed = next(seed for seed in range(999) if ids(shuffled(texts, seed=seed))[0] == "long")
    ranking = order(documents, texts, SelectionConfig(strategy, seed=seed, random_share=0.5, batch=5))
    assert ranking[1] == Ranked("long", None, RANDOM), "the first place that chance fills"


@pytest.mark.parametrize("strategy", SCORED)
def test_near_duplicates_wait_until_the_batch_is_over(strategy):
    documents, texts = pool(60)
    by_score = ids(order(documents, texts, SelectionConfig(strategy, diversity=0, batch=10)))
    first, second = by_score[:2]
    found = {d.document_id: d for d in documents}
    found[second] = replace(found[second], vector=found[first].vector * 1.1 + 0.01)
    places = ids(order(list(found.values()), texts, SelectionConfig(strategy, batch=10)))
    assert abs(places.index(first) // 10 - places.index(second) // 10) > 0


def test_near_duplicates_are_known_by_their_words_where_there_are_no_vectors():
    text = "the quick brown fox jumps over the lazy dog and runs back home into the old dark wood again"
    documents = [document("a", -9.0), document("b", -8.0), document("c", -7.0), document("d", -6.0)]
    texts = {"a": text, "b": text.replace("quick", "slow"), "c": "something else", "d": "another thing"}
    assert ids(order(documents, texts, SelectionConfig("mnlp", batch=2))) == ["a", "c", "b", "d"]


def test_a_batch_looks_further_down_when_the_least_sure_are_all_alike():
    documents, texts = pool(200)
    chance = np.random.default_rng(1)
    for number in range(100):
        vector = documents[0].vector + chance.normal(size=16) * 0.01
        documents[number] = document(documents[number].document_id, -99.0, 1, vector=vector)
    alike = {d.document_id for d in documents[:100]}
    head = ids(order(documents, texts, SelectionConfig("mnlp", batch=10)))[:30]
    assert [len(alike & set(head[first : first + 10])) for first in (0, 10, 20)] == [1, 1, 1]


def test_what_all_vectors_share_makes_no_two_documents_alike():
    documents, texts = pool(120)
    shared = [replace(d, vector=d.vector + 30) for d in documents]
    by_score = ids(order(shared, texts, SelectionConfig("mnlp_length", batch=10)))
    assert by_score == ids(order(documents, texts, SelectionConfig("mnlp_length", batch=10)))
    found = {d.document_id: d for d in shared}
    found[by_score[1]] = replace(found[by_score[1]], vector=found[by_score[0]].vector + 0.01)
    ranking = ids(order(list(found.values()), texts, SelectionConfig("mnlp_length", batch=10)))
    assert ranking[:10] == [by_score[0], *by_score[2:11]]


def corners():
    """Three unsure documents that teach the same, two that teach other things, all less sure by number."""
    angles = {"a1": 0.0, "a2": 0.4, "a3": -0.4, "b": 1.5, "c": 3.0}
    doubts = {"a1": -9.0, "a2": -8.0, "a3": -7.0, "b": -6.0, "c": -5.0}
    documents = [document(name, doubts[name], vector=[np.cos(angle), np.sin(angle)]) for name, angle in angles.items()]
    return documents, {name: name for name in angles}


def test_diversity_prefers_what_teaches_something_else():
    documents, texts = corners()
    assert ids(order(documents, texts, SelectionConfig("mnlp", diversity=0, batch=3)))[:3] == ["a1", "a2", "a3"]
    assert set(ids(order(documents, texts, SelectionConfig("mnlp_diverse", batch=3)))[:3]) >= {"b", "c"}
    early, late = SelectionConfig(batch=3), SelectionConfig(batch=3, labelled_words=5000)
    assert set(ids(order(documents, texts, early))[:3]) >= {"b", "c"}
    assert ids(order(documents, texts, late))[:3] == ["a1", "a2", "a3"]


def test_more_diversity_means_less_doubt_and_greater_distance_in_the_batch():
    documents, texts = pool(400, seed=5)
    found = {d.document_id: d for d in documents}
    doubts, nearest = [], []
    for diversity in (0.0, 0.5, 1.0):
        chosen = [
            found[d] for d in ids(order(documents, texts, SelectionConfig("mnlp_length", diversity=diversity)))[:50]
        ]
        doubts.append(-np.mean([d.scores["mnlp_length"] for d in chosen]))
        points = np.array([d.vector / np.linalg.norm(d.vector) for d in chosen])
        nearest.append(np.mean(np.sort(points @ points.T, axis=1)[:, -2]))
    assert doubts[0] > doubts[1] > doubts[2]
    assert nearest[0] > nearest[1] > nearest[2]


def test_diversity_alone_does_not_ask_for_doubt():
    documents, texts = pool(100)
    sure = [replace(d, scores=d.scores | {"mnlp_length": -1.0}) for d in documents]
    config = SelectionConfig("mnlp_length", diversity=1, batch=10)
    head = ids(order(documents, texts, config))[:10]
    assert sorted(head) == sorted(ids(order(sure, texts, config))[:10])


def test_an_outlier_is_no_better_than_a_document_of_a_crowd():
    crowd = [document(f"crowd{n}", -5.0, vector=[1, 0.4 * np.sin(n), 0.4 * np.cos(n)]) for n in range(40)]
    outlier = document("alone", -5.0, vector=[-1, 0, 0])
    documents = [*crowd, outlier]
    texts = {d.document_id: d.document_id for d in documents}
    assert ids(order(documents, texts, SelectionConfig("mnlp_diverse", batch=1)))[0] != "alone"


def test_badge_follows_the_length_of_the_vectors_and_differs_by_seed():
    documents, texts = pool(200)
    loud = {f"d{number:04}" for number in range(20)}
    documents = [replace(d, n_words=10, vector=d.vector * (30 if d.document_id in loud else 0.1)) for d in documents]
    heads = [ids(order(documents, texts, SelectionConfig(BADGE, seed=seed, batch=10)))[:10] for seed in range(3)]
    assert all(len(loud & set(head)) >= 9 for head in heads)
    assert len({tuple(head) for head in heads}) == 3


def test_documents_without_words_come_last_and_change_nothing_for_the_others():
    documents, texts = pool(60)
    blank = replace(document("a-blank", 0.0, margin=1.0, entropy=0.0, entities=0.0), vector=None, n_words=0)
    zero = replace(blank, vector=np.zeros(16, np.float32))
    with_blank, with_zero = (
        order([one, *documents], texts | {"a-blank": " "}, SelectionConfig("mnlp", batch=5)) for one in (blank, zero)
    )
    assert with_blank == with_zero
    assert with_blank[-1].document_id == "a-blank"
    assert with_blank[:-1] == order(documents, texts, SelectionConfig("mnlp", batch=5))


def test_a_document_without_a_text_or_a_score_is_an_error():
    documents, texts = pool(3)
    with pytest.raises(KeyError):
        order(documents, {}, SelectionConfig())
    with pytest.raises(KeyError):
        order([replace(d, scores={}) for d in documents], texts, SelectionConfig())


def text(document_id, words):
    return Text(document_id, words, tuple(tokenize(words)))


def groups():
    """Ten texts on each of five subjects, and their vectors."""
    chance = np.random.default_rng(0)
    centres = np.eye(5, 8) * 5
    texts, vectors = [], {}
    for subject in range(5):
        for number in range(10):
            document_id = f"s{subject}-{number}"
            texts.append(text(document_id, f"here is a text of subject {subject} number {number}"))
            vectors[document_id] = (centres[subject] + chance.normal(size=8) * 0.1).astype(np.float32)
    return texts, vectors


@settings(max_examples=20, deadline=None)
@given(
    st.sampled_from(list(STRATEGIES)),
    st.booleans(),
    st.permutations(range(50)),
    st.sampled_from([(), ("number 3",)]),
    st.sampled_from([0.0, 0.1]),
)
def test_a_cold_order_has_every_document_once_in_any_order_of_arrival(strategy, has_vectors, arrival, terms, share):
    texts, vectors = groups()
    config = SelectionConfig(strategy, random_share=share)
    known = vectors if has_vectors else None
    ranking = cold_order(texts, known, config, terms=terms)
    assert sorted(ids(ranking)) == sorted(vectors)
    assert {r.score for r in ranking} == {None}
    assert cold_order([texts[place] for place in arrival], known, config, terms=terms) == ranking


@pytest.mark.parametrize("seed", range(5))
def test_a_cold_start_shows_every_subject_first(seed):
    texts, vectors = groups()
    head = ids(cold_order(texts, vectors, SelectionConfig(seed=seed)))[:5]
    assert {document_id[:2] for document_id in head} == {f"s{subject}" for subject in range(5)}


def test_a_word_counts_the_more_for_what_a_text_is_about_the_fewer_texts_have_it():
    texts = [text("a", "The Rhine"), text("b", "the sea the"), text("c", "the sea"), text("blank", "")]
    states = [np.eye(2, dtype=np.float32)[rows] for rows in ([0, 1], [0, 1, 0], [0, 1], [])]
    found = content_vectors(texts, states)
    assert found.keys() == {"a", "b", "c"}
    the, rhine, sea = (math.log(4 / having) + 0.001 for having in (3, 1, 2))
    assert found["a"] == pytest.approx([the / (the + rhine), rhine / (the + rhine)], abs=1e-6)
    assert found["b"] == pytest.approx([2 * the / (2 * the + sea), sea / (2 * the + sea)], abs=1e-6)
    assert found["c"] == pytest.approx([the / (the + sea), sea / (the + sea)], abs=1e-6)


def test_a_text_of_words_that_all_texts_have_is_the_mean_of_its_words():
    states = np.array([[1, 0, 4], [0, 1, 2]], np.float32)
    found = content_vectors([text("a", "one two"), text("b", "TWO one")], [states, states])
    assert found["a"] == pytest.approx([0.5, 0.5, 3])
    assert found["b"] == pytest.approx([0.5, 0.5, 3])


def test_a_cold_start_tells_texts_apart_by_their_rare_words():
    """Forty texts that differ in the words they share with many, and three that have a word of their own each."""
    chance = np.random.default_rng(0)
    usual = [f"it was {'so ' * (number % 7)}very good indeed" for number in range(40)]
    telling = [f"it was very good in {place} indeed" for place in ("Bergen", "Ghent", "Turin")]
    texts = [text(f"t{number:02}", words) for number, words in enumerate([*usual, *telling])]
    of = {word: chance.normal(size=16) for t in texts for word in t.words}
    states = [np.array([of[word] for word in t.words], np.float32) for t in texts]
    plain = {t.document_id: seen.mean(0) for t, seen in zip(texts, states, strict=True)}
    assert {"t40", "t41", "t42"} <= set(ids(cold_order(texts, content_vectors(texts, states), SelectionConfig()))[:5])
    assert not {"t40", "t41", "t42"} <= set(ids(cold_order(texts, plain, SelectionConfig()))[:5])


def test_a_cold_start_by_chance_is_by_chance():
    texts, vectors = groups()
    ranking = cold_order(texts, vectors, SelectionConfig(RANDOM))
    assert ranking == order([document(t.document_id, -1.0) for t in texts], {}, SelectionConfig(RANDOM))


def test_terms_come_first_as_whole_words_in_any_case():
    texts, vectors = groups()
    texts += [text("hit", "the words of ADA are here again"), text("miss", "an adage of no such kind at all")]
    vectors |= dict.fromkeys(("hit", "miss"), np.ones(8, np.float32))
    for known in (vectors, None):
        assert cold_order(texts, known, SelectionConfig(), terms=["Ada"])[0].document_id == "hit"
        assert cold_order(texts, known, SelectionConfig(), terms=["adage", "no such kind"])[0].document_id == "miss"


def test_without_vectors_telling_words_take_turns_with_chance():
    plain = [text(f"p{number:02}", "nothing is to be seen in this one") for number in range(30)]
    telling = [text(f"t{number}", f"the town of Oslo is seen {number} times") for number in range(5)]
    ranking = cold_order([*plain, *telling], None, SelectionConfig(seed=3))
    assert [r.strategy for r in ranking[:6]] == ["default", RANDOM] * 3
    assert all(r.document_id.startswith("t") for r in ranking[:6:2])


def test_very_short_and_very_long_texts_and_copies_wait_at_a_cold_start():
    texts, vectors = groups()
    odd = [text("blank", ""), text("short", "word"), text("long", "word " * 60), text("copy", texts[0].text)]
    vectors |= dict.fromkeys(("short", "long"), np.full(8, 9.0, np.float32)) | {"copy": vectors["s0-0"]}
    head = ids(cold_order([*texts, *odd], vectors, SelectionConfig()))[:50]
    assert not {"blank", "short", "long"} & set(head)
    assert not {"copy", "s0-0"} <= set(head)
