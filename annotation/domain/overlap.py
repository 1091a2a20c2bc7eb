"""Which documents get several annotators, are measured on, or check people: draws that anybody can repeat."""

from __future__ import annotations

import hashlib


def draw_unit(seed: int, key: str) -> float:
    """A number in [0, 1), uniform over keys, the same for the same seed and key."""
    digest = hashlib.blake2b(f"{seed}:{key}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


def overlap_target(*, seed: int, key: str, overlap: int, share: float) -> int:
    """How many people label the document `key`: `overlap` for the drawn share, else one."""
    return overlap if draw_unit(seed, f"overlap:{key}") < share else 1


def drawn_to_measure(*, seed: int, key: str, share: float) -> bool:
    """Whether the document `key` is in the share that is set aside to measure on."""
    return draw_unit(seed, f"probe:{key}") < share


def seeded_order(keys: list[str], seed: int) -> list[str]:
    """The keys in an order that depends on the seed only, not on the order they came in."""
    return sorted(keys, key=lambda key: (draw_unit(seed, f"order:{key}"), key))


FIRST_CHECKS = 5
"""Everybody starts with so many documents that have gold."""
CHECK_EVERY = 22
"""Then one of so many is: at a place nobody can foresee."""


def check_due(*, seed: int, key: str, turn: int) -> bool:
    """Whether the `turn`-th document (from 0) of the person `key` is one to check them with."""
    if turn < FIRST_CHECKS:
        return True
    block, place = divmod(turn - FIRST_CHECKS, CHECK_EVERY)
    return place == int(draw_unit(seed, f"check:{key}:{block}") * CHECK_EVERY)


def repetition_due(*, seed: int, key: str, turn: int, share: float) -> bool:
    """Whether the `turn`-th document of the person `key` is to be one they labelled before."""
    return draw_unit(seed, f"repeat:{key}:{turn}") < share
