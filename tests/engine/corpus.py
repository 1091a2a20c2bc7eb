"""Small texts for the engine's tests."""

from __future__ import annotations

import random

from activelearning.engine.types import Example
from annotation.domain.spans import LabelledSpan
from annotation.domain.text import tokenize

PEOPLE = ["Ada Lovelace", "Grace Hopper", "Alan Turing", "Mary Jackson", "Rosa Parks", "John Snow", "Emma Stone"]
PLACES = ["Oslo", "Paris", "New York", "Lake Como", "Berlin", "Cape Town", "Kyoto"]
FRAMES = [
    "{0} moved to {1} in the spring .",
    "Yesterday {0} was seen near {1} again .",
    "In {1} , nobody remembers {0} .",
    "The letter from {0} reached {1} too late .",
    "Nothing happened on Tuesday .",
]


def example(document_id: str, text: str, *mentions: tuple[str, str]) -> Example:
    """`mentions`: (surface, label), each at its first place in the text."""
    spans = [LabelledSpan(text.index(m), text.index(m) + len(m), label) for m, label in mentions]
    return Example(document_id, text, tuple(tokenize(text)), tuple(sorted(spans)))


def examples(count: int, seed: int = 0) -> list[Example]:
    """Sentences made from a few frames, people (PER) and places (LOC)."""
    order = random.Random(seed)
    made = []
    for number in range(count):
        person, place, frame = order.choice(PEOPLE), order.choice(PLACES), order.choice(FRAMES)
        mentions = [(person, "PER"), (place, "LOC")] if "{0}" in frame else []
        made.append(example(f"doc-{number}", frame.format(person, place), *mentions))
    return made
