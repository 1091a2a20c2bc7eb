"""What people may send to the active learning pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from activelearning.models import ModelVersion
from activelearning.selectors import versions
from activelearning.services.blind import MOST_TEXTS
from activelearning.services.inference import LONGEST_TEXT
from annotation.models import Project


class QuestionForm(forms.Form):
    """A text and the version that is to read it."""

    text = forms.CharField(
        label=_("Text"),
        max_length=LONGEST_TEXT,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 6, "autofocus": True}),
        error_messages={"required": _("Paste a text first.")},
    )
    version: forms.ModelChoiceField[ModelVersion] = forms.ModelChoiceField(
        label=_("Model version"), queryset=ModelVersion.objects.none(), empty_label=None
    )

    def __init__(self, *args: Any, project: Project, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["version"]
        assert isinstance(field, forms.ModelChoiceField)
        kept = versions(project).exclude(artefact="")
        field.queryset = kept
        field.to_field_name = "uuid"
        newest = kept.filter(active=True).first() or kept.first()
        field.initial = newest.uuid if newest else None

    def clean_text(self) -> str:
        # Browsers send line ends as CRLF; offsets are about the text as people see it.
        return str(self.cleaned_data["text"]).replace("\r\n", "\n")


def _offered(project: Project) -> QuerySet[ModelVersion]:
    """All versions without what is long about them."""
    return versions(project).select_related(None).defer("metrics")


class CompareForm(forms.Form):
    """Two different versions."""

    first: forms.ModelChoiceField[ModelVersion] = forms.ModelChoiceField(
        label=_("Compare"), queryset=ModelVersion.objects.none(), empty_label=None
    )
    second: forms.ModelChoiceField[ModelVersion] = forms.ModelChoiceField(
        label="with", queryset=ModelVersion.objects.none(), empty_label=None
    )

    def __init__(self, *args: Any, project: Project, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("first", "second"):
            field = self.fields[name]
            assert isinstance(field, forms.ModelChoiceField)
            field.queryset = _offered(project)
            field.to_field_name = "uuid"

    @classmethod
    def of(cls, project: Project, asked: Mapping[str, Any]) -> Self:
        """The form with what is asked for; what is missing is the newest other version, older ones first."""
        given = {name: asked[name] for name in ("first", "second") if asked.get(name)}
        if len(given) < 2:
            offered = list(_offered(project))
            own = [version for version in offered if str(version.uuid) in given.values()] or offered[:1]
            other = [version for version in offered if version not in own][:1]
            pair = sorted(own + other, key=lambda version: version.number)
            given = dict(zip(("first", "second"), (version.uuid for version in pair), strict=False))
        return cls(given, project=project)

    def clean(self) -> dict[str, Any]:
        found = self.cleaned_data
        if "first" in found and found["first"] == found.get("second"):
            raise forms.ValidationError(gettext("Choose two different versions."))
        return found


class BlindForm(CompareForm):
    """Two versions and how many texts are to be judged."""

    texts = forms.IntegerField(label=_("Texts to judge"), min_value=1, max_value=MOST_TEXTS, initial=50)
