"""Which cases are looked at in a special way: shares that anybody can draw again."""

from __future__ import annotations

from annotation.domain.overlap import draw_unit

SHARES = {"blind": 0.10, "second": 0.05, "audit": 0.05}
"""blind: no suggestion may be asked for; second: decided by two reviewers independently; audit:
what everybody marked the same goes to a reviewer all the same."""


def in_sample(sample: str, *, seed: int, key: str) -> bool:
    """Whether the document `key` (the hash of its text) is in the sample; keys of `SHARES`."""
    return draw_unit(seed, f"{sample}:{key}") < SHARES[sample]
