"""What people may send to the active learning pages."""

from __future__ import annotations

from typing import Any

from django import forms

from activelearning.models import ModelVersion
from activelearning.selectors import versions
from activelearning.services.inference import LONGEST_TEXT
from annotation.models import Project


class QuestionForm(forms.Form):
    """A text and the version that is to read it."""

    text = forms.CharField(
        label="Text",
        max_length=LONGEST_TEXT,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 6, "autofocus": True}),
        error_messages={"required": "Paste a text first."},
    )
    version: forms.ModelChoiceField[ModelVersion] = forms.ModelChoiceField(
        label="Model version", queryset=ModelVersion.objects.none(), empty_label=None
    )

    def __init__(self, *args: Any, project: Project, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["version"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = versions(project)
        field.to_field_name = "uuid"
        newest = versions(project).filter(active=True).first() or versions(project).first()
        field.initial = newest.uuid if newest else None

    def clean_text(self) -> str:
        # Browsers send line ends as CRLF; offsets are about the text as people see it.
        return str(self.cleaned_data["text"]).replace("\r\n", "\n")
