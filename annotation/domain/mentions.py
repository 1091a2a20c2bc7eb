"""Who a comment names: `@username`, or everybody of a kind by `@reviewers` and `@managers`."""

from __future__ import annotations

import re

GROUPS = ("reviewers", "managers")
_MENTION = re.compile(r"(?<![\w@.])@([\w.+-]*\w)")


def mentions(body: str) -> list[str]:
    """The names in order, each once, without the @; an address such as a@b.org is none."""
    return list(dict.fromkeys(_MENTION.findall(body)))
