"""English sentences that can still be said in another language."""

from __future__ import annotations

from typing import Any, Self


class Sentence(str):
    """A text that remembers its pattern and values; pages say it again in the reader's language.

    For `domain/` and wherever else no request is near: a plain English `str` to everybody who does not ask, so it
    can be compared, logged and sent by the API. Stored, it is English for good. `Sentence("{n} of {all}", n=1, all=2)`
    """

    __slots__ = ("number", "pattern", "plural", "values")
    pattern: str
    plural: str | None
    number: int
    values: dict[str, Any]

    def __new__(cls, pattern: str, /, **values: Any) -> Self:
        return cls._made(pattern.format(**values) if values else pattern, pattern, None, 1, values)

    def __str__(self) -> str:
        return self  # an exception's text stays a sentence

    @classmethod
    def counted(cls, singular: str, plural: str, count: int, /, **values: Any) -> Self:
        """`singular` for one, `plural` for more or none; both know `{count}`."""
        values = {"count": count} | values
        return cls._made((singular if count == 1 else plural).format(**values), singular, plural, count, values)

    @classmethod
    def _made(cls, text: str, pattern: str, plural: str | None, number: int, values: dict[str, Any]) -> Self:
        self = super().__new__(cls, text)
        self.pattern, self.plural, self.number, self.values = pattern, plural, number, values
        return self
