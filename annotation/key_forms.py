"""Shapes of the pages on which people choose their keys."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext

from annotation.domain.keys import BadKey, Command, parse_key, shadowed
from annotation.models import Label
from daner_site.core.language import translated


def shown(key: str) -> str:
    """A key as it stands in a field."""
    return "Space" if key == " " else key.replace("Mod+", "Ctrl+")


class KeyField(forms.CharField):
    """One key; the page's script fills in what is pressed."""

    def __init__(self, **kwargs: Any) -> None:
        attrs = {
            "data-key-field": "",
            "autocomplete": "off",
            "autocapitalize": "off",
            "spellcheck": "false",
            "size": 14,
        }
        super().__init__(
            required=False,
            strip=False,
            max_length=30,
            widget=forms.TextInput(attrs=attrs | kwargs.pop("attrs", {})),
            **kwargs,
        )

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text.strip():
            return ""
        try:
            return parse_key(text)
        except BadKey as error:
            raise forms.ValidationError(translated(str(error))) from error


class CommandKeysForm(forms.Form):
    """Two keys for every command."""

    def __init__(
        self, *args: Any, commands: Sequence[Command], own: Mapping[str, Sequence[str]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.commands = commands
        self.own = own
        for command in commands:
            keys = [*own.get(command.name, command.keys), "", ""]
            self.fields[command.name] = KeyField(label=gettext(command.text), initial=shown(keys[0]))
            self.fields[f"{command.name}-2"] = KeyField(
                label=gettext("{text}, second key").format(text=gettext(command.text)), initial=shown(keys[1])
            )

    def chosen(self) -> dict[str, list[str]]:
        """Keys by command, for the service."""
        pairs = {c.name: (self.cleaned_data[c.name], self.cleaned_data[f"{c.name}-2"]) for c in self.commands}
        return {name: list(dict.fromkeys(key for key in keys if key)) for name, keys in pairs.items()}

    def rows(self) -> Iterator[dict[str, Any]]:
        """What a line of the table shows."""
        for command in self.commands:
            first, second = self[command.name], self[f"{command.name}-2"]
            yield {
                "first": first,
                "second": second,
                "errors": [*first.errors, *second.errors],
                "own": command.name in self.own,
            }


class LabelKeysForm(forms.Form):
    """One key for every label of the project, in the order of the labels."""

    def __init__(
        self,
        *args: Any,
        labels: Sequence[Label],
        keys: Mapping[str, str],
        commands: Sequence[Command],
        own: Mapping[str, Sequence[str]],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.labels = labels
        for label in labels:
            # By number: a label's name may be anything.
            self.fields[f"label-{label.pk}"] = forms.CharField(
                required=False,
                max_length=1,
                label=label.name,
                initial=keys[label.name],
                help_text=shadowed(keys[label.name], commands, own),
                widget=forms.TextInput(attrs={"size": 3, "autocomplete": "off", "autocapitalize": "off"}),
            )

    def chosen(self) -> dict[str, str]:
        """Key by label name, for the service."""
        return {label.name: self.cleaned_data[f"label-{label.pk}"] for label in self.labels}

    def refuse(self, error: ValidationError) -> None:
        """Put the service's words, by label, beside the fields."""
        for label in self.labels:
            for message in error.message_dict.get(label.name, []):
                self.add_error(f"label-{label.pk}", message)

    def rows(self) -> Iterator[tuple[Label, forms.BoundField]]:
        for label in self.labels:
            yield label, self[f"label-{label.pk}"]
