"""Shapes of the import pages; nothing is saved here."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from annotation.domain.formats import FORMATS, LAYER_USES, ImportOptions
from annotation.domain.spans import SpanOverlap
from annotation.models import ImportJob, Project, Split
from annotation.selectors.documents import STATUSES
from daner_site.core.language import translated, translated_lazy


class ImportForm(forms.Form):
    """A pasted text or a file."""

    text = forms.CharField(
        label=_("Paste your texts"),
        required=False,
        strip=False,
        widget=forms.Textarea(
            attrs={"rows": 10, "placeholder": _("One text per line, or longer texts with a blank line between them.")}
        ),
    )
    file = forms.FileField(
        label=_("or choose a file"),
        required=False,
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": ".txt,.jsonl,.json,.conll,.iob,.iob2,.bio,.tsv,text/*"}),
    )
    split = forms.ChoiceField(
        label=_("What are they for?"), choices=Split.choices, initial=Split.POOL.value, widget=forms.RadioSelect
    )
    format = forms.ChoiceField(
        label=_("Format"),
        required=False,
        choices=[("", _("Recognise it")), *((name, translated_lazy(text)) for name, text in FORMATS.items())],
        initial="",
    )

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        file, text = data.get("file"), data.get("text", "")
        if (file is None) == (not text.strip()):
            raise forms.ValidationError(
                gettext("Paste a text or choose a file.") if file is None else gettext("Paste or upload, not both.")
            )
        if file is not None and file.size > settings.DANER_IMPORT_MAX_BYTES:
            limit = settings.DANER_IMPORT_MAX_BYTES // 1024 // 1024
            raise forms.ValidationError(gettext("The file is larger than {limit} MB.").format(limit=limit))
        return data

    def upload(self) -> dict[str, Any]:
        """Arguments of `import_check`. A browser sends pasted line ends as CRLF: undone here."""
        data = self.cleaned_data
        file = data["file"]
        content = data["text"].replace("\r\n", "\n") if file is None else file.read()
        return {
            "content": content,
            "filename": "" if file is None else file.name,
            "format": data["format"],
            "split": data["split"],
        }


class ConfirmForm(forms.Form):
    """What to do with what the dry run found; its fields depend on that."""

    with_labels = forms.BooleanField(label=_("Import the labels too"), required=False, initial=True)
    file_splits = forms.BooleanField(label=_("Follow the split that the file names"), required=False, initial=True)
    skip_errors = forms.BooleanField(required=False)
    longest = forms.BooleanField(
        label=_("Of spans that share words in a way the project does not allow, keep the longest"), required=False
    )

    def __init__(self, *args: Any, job: ImportJob, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.found = job.preview
        self.known = list(job.project.labels.filter(retired_at__isnull=True).values_list("name", flat=True))
        for number, name in enumerate(self.found["labels"]):
            self.fields[f"label_{number}"] = forms.CharField(
                label=name,
                required=False,
                max_length=60,
                initial=self._likely(name),
                widget=forms.TextInput(attrs={"list": "project-labels", "autocomplete": "off", "size": 20}),
            )
        for number, name in enumerate(self.found["layers"]):
            self.fields[f"layer_{number}"] = forms.ChoiceField(
                label=name,
                required=False,
                choices=[(use, translated(text)) for use, text in LAYER_USES.items()],
                initial="annotator",
            )
        errors = self.found["error_count"]
        self.fields["skip_errors"].label = ngettext(
            "Skip {count} unreadable row and import the others",
            "Skip {count} unreadable rows and import the others",
            errors,
        ).format(count=errors)
        if not errors:
            del self.fields["skip_errors"]
        if not self.found["overlaps"] or job.project.span_overlap == SpanOverlap.ANY:
            del self.fields["longest"]
        if not self.found["splits"]:
            del self.fields["file_splits"]
        if not self.is_labelled:
            del self.fields["with_labels"]

    @property
    def is_labelled(self) -> bool:
        return bool(self.found["layers"] or self.found["with_gold"])

    def _likely(self, name: str) -> str:
        """The project's label of that name, whatever its case; else the name itself, made valid."""
        same = next((known for known in self.known if known.lower() == name.lower()), None)
        return same or "_".join(name.replace(",", " ").replace(";", " ").split())[:60]

    def label_rows(self) -> list[dict[str, Any]]:
        """For the table: label in the file, its number of spans, field, and whether it is new here."""
        rows = [self._row("label", number, item) for number, item in enumerate(self.found["labels"].items())]
        return [row | {"new": row["field"].initial not in self.known} for row in rows]

    def layer_rows(self) -> list[dict[str, Any]]:
        """For the table: annotator in the file, number of documents, field."""
        return [self._row("layer", number, item) for number, item in enumerate(self.found["layers"].items())]

    def _row(self, kind: str, number: int, item: tuple[str, int]) -> dict[str, Any]:
        return {"name": item[0], "count": item[1], "field": self[f"{kind}_{number}"]}

    def options(self) -> ImportOptions:
        data = self.cleaned_data
        return ImportOptions(
            with_labels=data.get("with_labels", True),
            label_map={name: data[f"label_{number}"] for number, name in enumerate(self.found["labels"])},
            create_labels=True,
            layer_map={
                name: data[f"layer_{number}"] or "annotator" for number, name in enumerate(self.found["layers"])
            },
            file_splits=data.get("file_splits", True),
            skip_errors=data.get("skip_errors", False),
            longest=data.get("longest", False),
        )


class DocumentFilterForm(forms.Form):
    """The filters of the document list, all optional; wrong values are ignored."""

    search = forms.CharField(required=False, max_length=200, label=_("Text or id"), widget=forms.SearchInput())
    split = forms.ChoiceField(required=False, choices=[("", _("Both")), ("pool", _("Pool")), ("test", _("Test"))])
    status = forms.ChoiceField(
        required=False, choices=[("", _("Any")), *((name, translated_lazy(text)) for name, text in STATUSES.items())]
    )
    label = forms.ChoiceField(required=False, choices=[("", _("Any"))])

    def __init__(self, *args: Any, project: Project, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = project.labels.values_list("name", flat=True)
        field = self.fields["label"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", gettext("Any")), *((name, name) for name in names)]

    def filters(self) -> dict[str, str]:
        """Arguments of `documents_page`."""
        self.is_valid()
        return {name: self.cleaned_data.get(name, "") for name in self.fields}
