"""The demo corpus holds what a newcomer is promised, and a slip in its files is named by file and line."""

from __future__ import annotations

import shutil
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest

import annotation.demo
from annotation.demo import ANNOTATORS, DemoCorpus, DemoText, Span, load_demo, parse_marked

SOURCE = Path(annotation.demo.__file__).parent


@pytest.fixture(scope="module")
def corpus() -> DemoCorpus:
    return load_demo()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the corpus files, to be damaged."""
    return Path(shutil.copytree(SOURCE, tmp_path / "demo", ignore=shutil.ignore_patterns("__pycache__")))


def every_version(corpus: DemoCorpus) -> list[DemoText]:
    """Gold and the annotators' versions alike."""
    layers = [
        DemoText(corpus.pool[index].text, spans) for work in corpus.work.values() for index, spans in work.items()
    ]
    return [*corpus.pool, *corpus.test, *layers]


def shared_work(corpus: DemoCorpus) -> list[tuple[tuple[Span, ...], tuple[Span, ...]]]:
    ana, ben = (corpus.work[name] for name in ANNOTATORS)
    return [(ana[index], ben[index]) for index in sorted(ana.keys() & ben.keys())]


def replace_line(path: Path, number: int, line: str) -> None:
    lines = path.read_text(encoding="utf-8").split("\n")
    lines[number - 1] = line
    path.write_text("\n".join(lines), encoding="utf-8")


def test_there_are_enough_texts_to_learn_from_and_to_test_on(corpus: DemoCorpus) -> None:
    assert len(corpus.pool) >= 280
    assert len(corpus.test) >= 80


def test_no_text_occurs_twice_within_or_across_the_splits(corpus: DemoCorpus) -> None:
    counts = Counter(item.text.casefold() for item in (*corpus.pool, *corpus.test))
    assert [text for text, count in counts.items() if count > 1] == []


def test_texts_are_short(corpus: DemoCorpus) -> None:
    lengths = [len(item.text.split()) for item in (*corpus.pool, *corpus.test)]
    assert min(lengths) >= 8
    assert max(lengths) <= 35


def test_spans_never_overlap_and_never_begin_or_end_with_a_space(corpus: DemoCorpus) -> None:
    for item in every_version(corpus):
        for start, end, _label in item.spans:
            assert 0 <= start < end <= len(item.text)
            surface = item.text[start:end]
            assert surface == surface.strip(), item.text
        assert all(before[1] <= after[0] for before, after in pairwise(item.spans)), item.text


def test_no_span_cuts_a_word_in_two(corpus: DemoCorpus) -> None:
    for item in every_version(corpus):
        edges = {edge for start, end, _label in item.spans for edge in (start, end)} - {0, len(item.text)}
        for edge in edges:
            assert not (item.text[edge - 1].isalnum() and item.text[edge].isalnum()), item.text


def test_every_label_has_enough_mentions_in_pool_and_test(corpus: DemoCorpus) -> None:
    names = [label.name for label in corpus.labels]
    assert names == ["PER", "ORG", "LOC", "PRODUCT"]
    pool, test = (
        Counter(label for item in split for _start, _end, label in item.spans) for split in (corpus.pool, corpus.test)
    )
    assert all(pool[name] >= 60 for name in names), pool
    assert all(test[name] >= 20 for name in names), test


def test_some_texts_have_no_entity(corpus: DemoCorpus) -> None:
    for split in (corpus.pool, corpus.test):
        empty = sum(not item.spans for item in split)
        assert 0.1 <= empty / len(split) <= 0.2


def test_the_same_name_stands_for_different_things(corpus: DemoCorpus) -> None:
    labels_of: dict[str, set[str]] = {}
    for item in corpus.pool:
        for start, end, label in item.spans:
            labels_of.setdefault(item.text[start:end], set()).add(label)
    assert sum(len(labels) > 1 for labels in labels_of.values()) >= 10


def test_labels_have_distinct_keys_and_colours_that_carry_dark_text(corpus: DemoCorpus) -> None:
    assert len({label.key for label in corpus.labels}) == len(corpus.labels)
    for label in corpus.labels:
        assert contrast(label.color, "#1a1a1a") >= 7, label
        assert label.description


def contrast(one: str, other: str) -> float:
    """WCAG 2.2 contrast ratio of two #rrggbb colours."""
    dark, light = sorted(luminance(color) for color in (one, other))
    return (light + 0.05) / (dark + 0.05)


def luminance(color: str) -> float:
    channels = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_the_annotators_share_sixty_documents_and_have_thirty_for_themselves(corpus: DemoCorpus) -> None:
    ana, ben = (set(corpus.work[name]) for name in ANNOTATORS)
    assert len(ana & ben) == 60
    assert len(ana ^ ben) == 30
    assert ana - ben
    assert ben - ana


def test_the_annotators_disagree_here_and_there(corpus: DemoCorpus) -> None:
    assert 15 <= sum(one != other for one, other in shared_work(corpus)) <= 30


def test_the_disagreements_are_of_every_kind(corpus: DemoCorpus) -> None:
    kinds: Counter[str] = Counter()
    for one, other in shared_work(corpus):
        kinds.update(kinds_between(one, other))
    assert set(kinds) == {"missing", "label", "boundary", "both", "split"}
    assert kinds["label"] >= 5
    assert kinds["boundary"] >= 5
    assert kinds["missing"] >= 5


def kinds_between(one: tuple[Span, ...], other: tuple[Span, ...]) -> list[str]:
    kinds = []
    for mine, theirs in ((one, other), (other, one)):
        for start, end, label in set(mine) - set(theirs):
            rivals = [span for span in theirs if span[0] < end and start < span[1]]
            if not rivals:
                kinds.append("missing")
            elif len(rivals) > 1:
                kinds.append("split")
            elif mine is one and sum(span[0] < rivals[0][1] and rivals[0][0] < span[1] for span in mine) == 1:
                same_place, same_label = rivals[0][:2] == (start, end), rivals[0][2] == label
                kinds.append("label" if same_place else "boundary" if same_label else "both")
    return kinds


def test_neither_annotator_is_always_right(corpus: DemoCorpus) -> None:
    for work in corpus.work.values():
        wrong = sum(corpus.pool[index].spans != spans for index, spans in work.items())
        assert 5 <= wrong <= len(work) // 3


def test_annotated_texts_are_the_texts_of_the_pool() -> None:
    pool = (SOURCE / "pool.txt").read_text(encoding="utf-8").split("\n")
    for name in ANNOTATORS:
        for line in (SOURCE / f"annotator_{name}.txt").read_text(encoding="utf-8").splitlines():
            number, marked = line.split("\t")
            plain = parse_marked(pool[int(number) - 1], where="pool").text
            assert parse_marked(marked, where=name).text == plain


def test_the_guidelines_name_every_label(corpus: DemoCorpus) -> None:
    assert all(f"**{label.name}**" in corpus.guidelines for label in corpus.labels)


def test_offsets_are_code_points_after_emoji_and_combining_marks() -> None:
    parsed = parse_marked("👩‍🚀 e\N{COMBINING ACUTE ACCENT} [Åsa]{PER} of [Tern]{ORG}", where="here")
    assert [parsed.text[start:end] for start, end, _label in parsed.spans] == ["Åsa", "Tern"]
    assert parsed.spans[0] == (7, 10, "PER")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("[Mara Lind]{PERSON} sailed.", "unknown label 'PERSON'"),
        ("[Mara Lind sailed.", "stray '['"),
        ("Mara Lind]{PER} sailed.", "stray ']'"),
        ("[Mara Lind] sailed.", "stray '['"),
        ("[Mara [Lind]{PER}]{PER} sailed.", "stray '['"),
        ("[Mara Lind ]{PER}sailed.", "begins or ends with a space"),
        ("[]{PER} sailed.", "a mention is empty"),
        ("", "the text is empty"),
        (" Mara sailed.", "the text is empty or begins or ends with a space"),
    ],
)
def test_bad_markup_is_refused_with_file_and_line(folder: Path, line: str, reason: str) -> None:
    replace_line(folder / "pool.txt", 200, line)
    with pytest.raises(ValueError, match=r"^pool\.txt line 200: ") as caught:
        load_demo(folder)
    assert reason in str(caught.value)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("3\tThe boat came in late, and nobody minded.", "differs from line 3 of pool.txt"),
        ("no number\tText.", "expected a line number"),
        ("0\tText.", "expected a line number"),
        ("9999\tText.", "expected a line number"),
        ("3 [Lind]{PER} without a tab", "expected a line number"),
        ("1\tText.", "annotated above already"),
        ("3\t[Lind]{PER sailed.", "stray '['"),
    ],
)
def test_bad_annotator_lines_are_refused_with_file_and_line(folder: Path, line: str, reason: str) -> None:
    replace_line(folder / "annotator_ben.txt", 3, line)
    with pytest.raises(ValueError, match=r"^annotator_ben\.txt line 3: ") as caught:
        load_demo(folder)
    assert reason in str(caught.value)
