"""Reading what the review page posts: JSON from its script, or its plain radio buttons."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from annotation.domain.spans import LabelledSpan
from annotation.forms import ThreadForm
from daner_site.accounts.models import User
from quality.domain.adjudication import Decision, Reason

CHOICE = "choice-"
REASON = "reason-"
MAX_SECONDS = 24 * 3600.0
COMMENT_LENGTH = 2_000


class ReviewFormError(ValueError):
    """The form cannot be read; the message names the field."""


class RulingQuestionForm(forms.Form):
    """A question to the guideline log."""

    question = forms.CharField(max_length=500, label=_("What does the guideline leave open?"))
    string = forms.CharField(max_length=200, required=False, label=_("The words in question (optional)"))
    example = forms.CharField(
        max_length=2_000, required=False, label=_("Example (optional)"), widget=forms.Textarea(attrs={"rows": 2})
    )


class RulingForm(forms.Form):
    """An answer; an empty one is refused by the service, in words."""

    text = forms.CharField(max_length=5_000, required=False)
    again = forms.ChoiceField(choices=[("", ""), ("string", ""), ("kind", "")], required=False)

    def clean_again(self) -> str:
        return str(self.cleaned_data["again"] or "")


class CaseThreadForm(ThreadForm):
    """A new conversation beside a case, with those who review or with one annotator, who has a letter only."""

    to = forms.CharField(required=False, max_length=8)

    def __init__(self, people: Mapping[str, User], *args: Any) -> None:
        super().__init__(*args)
        self.people = people

    def clean_to(self) -> str:
        letter = str(self.cleaned_data["to"])
        if letter and letter not in self.people:
            raise forms.ValidationError("There is no such annotator here.")
        return letter

    def clean(self) -> dict[str, Any]:
        cleaned = dict(super().clean() or {})
        return cleaned | {"annotator": self.people.get(cleaned.pop("to", ""))}


@dataclass(frozen=True)
class PostedReview:
    version: int
    decisions: tuple[Decision, ...]
    added: tuple[LabelledSpan, ...]
    comment: str
    seconds: float | None = None
    written: tuple[LabelledSpan, ...] | None = field(default=None, kw_only=True)
    """All spans as they stood on the page, to be compared if somebody else was quicker."""

    @property
    def decided(self) -> dict[str, Any]:
        """What `case_resolve` takes."""
        return {name: value for name, value in vars(self).items() if name != "written"}

    @property
    def version_told(self) -> dict[str, Any]:
        """The reviewer's version, as `versions_apart` takes it."""
        return {"decisions": self.decisions, "added": self.added, "written": self.written}


def parse_review(post: QueryDict) -> PostedReview:
    """`payload`: `{decisions: [{group, choice, spans}], added: [{start, end, label}], written: [span]}`;
    without it, `choice-<group>` fields. Always `version` and `comment`. Raises ReviewFormError."""
    payload = _object(post.get("payload", ""))
    decisions = [_decision(item) for item in _list(payload, "decisions")]
    if not post.get("payload"):
        chosen = {name: value for name, value in post.items() if name.startswith(CHOICE) and value}
        decisions = [
            Decision(group, str(value), reason=_reason(post.get(REASON + group, "")))
            for group, value in ((name.removeprefix(CHOICE), value) for name, value in chosen.items())
        ]
    return PostedReview(
        version=version_of(post),
        decisions=tuple(decisions),
        added=tuple(_span(item) for item in _list(payload, "added")),
        comment=post.get("comment", "").replace("\0", "").strip()[:COMMENT_LENGTH],
        seconds=_seconds(post.get("seconds", "")),
        written=tuple(_span(item) for item in _list(payload, "written")) if "written" in payload else None,
    )


@dataclass(frozen=True)
class PostedApplication:
    group: str
    spans: tuple[LabelledSpan, ...]
    reason: str
    places: tuple[tuple[UUID, str], ...]


def parse_application(post: QueryDict) -> PostedApplication:
    """`group`, `spans` as JSON, `reason` and any number of `place`, each `<case>:<group>`. Raises ReviewFormError."""
    return PostedApplication(
        group=post.get("group", ""),
        spans=tuple(_span(item) for item in _list(_object(f'{{"spans": {post.get("spans") or "[]"}}}'), "spans")),
        reason=_reason(post.get("reason", "")),
        places=tuple(_place(item) for item in post.getlist("place")),
    )


def _place(text: str) -> tuple[UUID, str]:
    case, _, group = text.partition(":")
    try:
        return UUID(case), group
    except ValueError:
        raise ReviewFormError("place: expected a case and one of its places") from None


def version_of(post: QueryDict) -> int:
    """The version of the case the page was made from. Raises ReviewFormError."""
    try:
        return int(post.get("version", ""))
    except ValueError:
        raise ReviewFormError("version: not a number") from None


def _object(text: str) -> dict[str, Any]:
    try:
        data = json.loads(text or "{}")
    except (ValueError, RecursionError):
        raise ReviewFormError("payload: not JSON") from None
    if not isinstance(data, dict):
        raise ReviewFormError("payload: expected an object")
    return data


def _list(data: dict[str, Any], key: str) -> list[Any]:
    value = data.get(key, [])
    if not isinstance(value, list):
        raise ReviewFormError(f"{key}: expected a list")
    return value


def _decision(item: Any) -> Decision:
    if not isinstance(item, dict) or not isinstance(item.get("group"), str):
        raise ReviewFormError("decisions: each needs a group")
    spans = tuple(_span(span) for span in _list(item, "spans"))
    return Decision(item["group"], str(item.get("choice", "")), spans, _reason(item.get("reason", "")))


def _reason(value: Any) -> str:
    if value and value not in list(Reason):
        raise ReviewFormError("reason: not one of those offered")
    return str(value or "")


def _seconds(text: str) -> float | None:
    """Active time as the page measured it; None where it did not, or nothing a person could take."""
    try:
        seconds = float(text)
    except ValueError:
        return None
    return seconds if 0 < seconds <= MAX_SECONDS else None


def _span(item: Any) -> LabelledSpan:
    if not isinstance(item, dict):
        raise ReviewFormError("spans: expected start, end and label")
    start, end, label = item.get("start"), item.get("end"), item.get("label")
    # type() and not isinstance: to Python, true is an int.
    if type(start) is not int or type(end) is not int or not isinstance(label, str):
        raise ReviewFormError("spans: start and end are whole numbers, label is a name")
    return LabelledSpan(start, end, label)
