"""The fewest keys that make given spans, as somebody would press them who knows the editor well."""

from __future__ import annotations

import unicodedata
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

Words = tuple[int, int]
State = tuple[int, int]
"""Anchor and focus of the caret, as numbers of words."""
FIND, FIND_EXTEND = "f", "F"
"""The keys after which a letter goes to the next word that begins with it, or selects as far as there."""

NAMES = "([text, tokens]) => Promise.all([import('/static/js/annotator/names.js'), import('/static/js/annotator/offsets.js')])"
NAMES += ".then(([names, offsets]) => names.nameRuns(tokens, offsets.offsetsOf(text)))"


def name_runs(page: Any, text: str, tokens: Sequence[Sequence[int]]) -> list[Words]:
    """Where the keys `.` and `,` stop, asked of the editor itself."""
    return [(first, last) for first, last in page.evaluate(NAMES, [text, [list(token) for token in tokens]])]


def words_of(span: dict[str, Any], tokens: Sequence[Sequence[int]]) -> Words:
    touched = [n for n, (start, end) in enumerate(tokens) if start < span["end"] and end > span["start"]]
    assert touched, f"{span} touches no word"
    exact = tokens[touched[0]][0] == span["start"] and tokens[touched[-1]][1] == span["end"]
    assert exact, f"{span} does not end at words"
    return touched[0], touched[-1]


def keys_for(
    text: str,
    tokens: Sequence[Sequence[int]],
    runs: Sequence[Words],
    spans: Sequence[dict[str, Any]],
    keys: dict[str, str],
) -> list[str]:
    """Keys for all the spans, in reading order, label keys included. The text runs from left to right."""
    pressed: list[str] = []
    at, done = (0, 0), [False] * len(tokens)
    letters = [unicodedata.normalize("NFD", text[start])[0].lower() for start, _ in tokens]
    for span in sorted(spans, key=lambda item: item["start"]):
        words = words_of(span, tokens)
        free = [(first, last) for first, last in runs if not any(done[first : last + 1])]
        pressed += [*_way(at, words, free, _lines(text, tokens), done, letters), keys[span["label"]]]
        done[words[0] : words[1] + 1] = [True] * (words[1] + 1 - words[0])
        at = (words[1], words[1])
    return pressed


def _way(
    start: State, goal: Words, runs: list[Words], lines: list[Words], done: list[bool], letters: list[str]
) -> list[str]:
    """The shortest way of the caret from `start` to having the words of `goal` selected."""
    # Where the caret is, and which key waits for a letter.
    seen: dict[tuple[State, str], tuple[tuple[State, str], str] | None] = {(start, ""): None}
    queue = deque([(start, "")])
    while queue:
        node = queue.popleft()
        state, finding = node
        if not finding and (min(state), max(state)) == goal:
            way: list[str] = []
            while (step := seen[node]) is not None:
                node, key = step
                way.append(key)
            return way[::-1]
        fresh = state == start and not any(done)
        steps = _found(state, letters, finding) if finding else _steps(state, runs, lines, done, fresh=fresh)
        following = [(key, (where, "")) for key, where in steps]
        if not finding:
            following.append((FIND, (state, FIND)))
            if min(state) != max(state) or not done[state[1]]:  # on a span it would change that
                following.append((FIND_EXTEND, (state, FIND_EXTEND)))
        for key, there in following:
            if min(there[0]) >= 0 and max(there[0]) < len(done) and there not in seen:
                seen[there] = (node, key)
                queue.append(there)
    raise AssertionError(f"no way to {goal}")


def _found(state: State, letters: list[str], key: str) -> Iterator[tuple[str, State]]:
    """Each letter with the next word that begins with it, round at the end. Only what one key types."""
    anchor, focus = state
    behind = range((max(state) if key == FIND_EXTEND else focus) + 1, len(letters))
    nearest: dict[str, int] = {}
    for word in behind if key == FIND_EXTEND else [*behind, *range(focus + 1)]:
        if letters[word].isascii() and letters[word].isprintable():
            nearest.setdefault(letters[word], word)
    yield from ((letter, (anchor if key == FIND_EXTEND else word, word)) for letter, word in nearest.items())


def _steps(
    state: State, runs: list[Words], lines: list[Words], done: list[bool], *, fresh: bool
) -> Iterator[tuple[str, State]]:
    anchor, focus = state
    low, high = min(state), max(state)
    line = next(item for item in lines if item[0] <= focus <= item[1])
    yield "ArrowRight", (focus + 1, focus + 1)
    yield "ArrowLeft", (focus - 1, focus - 1)
    yield "Home", (line[0], line[0])
    yield "End", (line[1], line[1])
    if runs:
        yield ".", next((run for run in runs if run[0] >= high + (not fresh)), runs[0])
        yield ",", next((run for run in reversed(runs) if run[1] < low), runs[-1])
    if low == high and done[focus]:
        return  # the caret stands on a span: these keys would change it
    yield "Shift+ArrowRight", (anchor, focus + 1)
    yield "Shift+ArrowLeft", (anchor, focus - 1)
    yield "Alt+ArrowRight", (low, high + 1)
    yield "Alt+ArrowLeft", (low, max(high - 1, low))
    yield "Control+ArrowLeft", (low - 1, high)
    yield "Control+ArrowRight", (min(low + 1, high), high)


def _lines(text: str, tokens: Sequence[Sequence[int]]) -> list[Words]:
    """First and last word of every line."""
    ends = [n for n, (a, b) in enumerate(pairwise(tokens)) if any(c in "\r\n" for c in text[a[1] : b[0]])]
    return list(zip([0, *(end + 1 for end in ends)], [*ends, len(tokens) - 1], strict=True))
