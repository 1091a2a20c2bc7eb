"""Shapes of what the project pages post; nothing is saved here."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from annotation.access import ProjectContext
from annotation.domain.permissions import ProjectRole
from annotation.domain.spans import SPAN_OVERLAPS
from annotation.models import Label, Project, ProjectMember, Strategy
from annotation.selectors.projects import addable_users
from daner_site.accounts.models import User
from daner_site.core.language import translated_lazy


class ProjectForm(forms.Form):
    name = forms.CharField(max_length=120, label=_("Project name"))
    description = forms.CharField(max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 2}))
    labels = forms.CharField(
        label=_("Entity types"),
        initial="PER, ORG, LOC",
        help_text=_("Separated by commas. Colours and keys are chosen for you; everything can be changed later."),
    )

    def clean_labels(self) -> list[str]:
        names = [name.strip() for name in re.split(r"[,;\n]+", self.cleaned_data["labels"]) if name.strip()]
        if not names:
            raise forms.ValidationError(gettext("Name at least one entity type."))
        if phrases := [name for name in names if re.search(r"\s", name)]:
            word = re.sub(r"\s+", "_", phrases[0])[:60]
            raise forms.ValidationError(
                gettext("A name is one word, such as {word}. Put commas between names.").format(word=word)
            )
        if twice := {name for name in names if names.count(name) > 1}:
            raise forms.ValidationError(gettext("Named twice: {twice}.").format(twice=", ".join(sorted(twice))))
        if long := [name for name in names if len(name) > 60]:
            raise forms.ValidationError(gettext("Longer than 60 characters: {long}….").format(long=long[0][:20]))
        return names


SHARES = {
    "overlap_percent": "overlap_share",
    "repeat_percent": "repeat_share",
    "random_percent": "random_share",
    "agreement_percent": "overlap_agreement",
    "doubt_percent": "doubt_share",
}
"""Percentages of the form and the shares of the project that they stand for."""


class SettingsForm(forms.ModelForm):  # type: ignore[type-arg]
    """Validates settings; the service saves them."""

    overlap_percent = forms.IntegerField(
        min_value=0,
        max_value=100,
        label=_("Share of documents that get several people (%)"),
        help_text=_(
            "The others get one person. The share is drawn at random, so that agreement "
            "measured on it stands for the whole project."
        ),
    )
    repeat_percent = forms.IntegerField(
        min_value=0,
        max_value=20,
        label=_("Documents given to the same person again (%)"),
        help_text=_(
            "They look like all others; how far people agree with themselves is shown on the page People. "
            "0: none. 2 is usual."
        ),
    )
    random_percent = forms.IntegerField(
        min_value=0,
        max_value=50,
        label=_("Share of documents that chance picks (%)"),
        help_text=_("What the model does not choose shows what it does not know."),
    )

    agreement_percent = forms.IntegerField(
        min_value=0,
        max_value=100,
        label=_("Two people agree from … on (%)"),
        help_text=_("The share of their spans that is the same, bounds and label (exact F1)."),
    )
    doubt_percent = forms.IntegerField(
        min_value=0,
        max_value=20,
        label=_("Second look at doubted texts (%)"),
        help_text=_(
            "At most so many of the texts that one person labelled get a second one, because a model trained on "
            "the other texts would mark them otherwise. They see neither the first person's work nor suggestions. 0: none."
        ),
    )

    class Meta:
        model = Project
        fields: ClassVar[list[str]] = [
            "name",
            "description",
            "overlap",
            "overlap_start",
            "overlap_targeted",
            "overlap_cap",
            "accept_unanimous",
            "learn_consensus",
            "weigh_labels",
            "lease_minutes",
            "span_overlap",
            "show_suggestions",
            "gold_checks",
            "repeat_after_days",
            "strategy",
            "diversity",
            "cost_unit",
            "probe_documents",
            "checkpoint",
            "retrain_after",
            "retrain_quiet_seconds",
        ]
        labels: ClassVar[dict[str, Any]] = {
            "overlap": _("People per overlapping document"),
            "overlap_start": _("First documents of a guideline version"),
            "overlap_targeted": _("Ask one more person while people disagree"),
            "overlap_cap": _("At most so many people for one document"),
            "accept_unanimous": _("Take over what everybody marked the same"),
            "learn_consensus": _("Learn the consensus in place of the vote"),
            "weigh_labels": _("Let unsure labels count less"),
            "lease_minutes": _("Minutes a document is held for one person"),
            "span_overlap": _("Spans over spans"),
            "show_suggestions": _("Show the model's suggestions to annotators"),
            "gold_checks": _("Check annotators with documents that have gold"),
            "repeat_after_days": _("… after at least so many days"),
            "strategy": _("Order of the queue"),
            "diversity": _("Unsure texts (0) or different texts (1)"),
            "cost_unit": _("Effort is counted in"),
            "probe_documents": _("Test documents wanted"),
            "checkpoint": _("Model to start from"),
            "retrain_after": _("Train again after so many newly labelled documents"),
            "retrain_quiet_seconds": _("… or after so many quiet seconds with something new"),
        }
        help_texts: ClassVar[dict[str, Any]] = {
            # The labels say it already.
            "overlap": "",
            "retrain_after": "",
            "retrain_quiet_seconds": "",
            "learn_consensus": _(
                "Where several people labelled a text, the model learns what the consensus says in place "
                "of their vote, once reviewers settled enough texts to show that the consensus is at least as good. Measured "
                "on five corpora, models learned worse from it more often than better."
            ),
            "weigh_labels": _(
                "Labels of one person count as much as that person agrees with the others, a consensus as "
                "much as it is likely to be right; gold and votes count in full. Worth a try where people differ greatly."
            ),
            "diversity": _("Anything in between, such as 0.3. Empty: what the chosen order does best."),
        }
        widgets: ClassVar[dict[str, Any]] = {
            "description": forms.Textarea(attrs={"rows": 2}),
            "diversity": forms.NumberInput(attrs={"step": "0.05", "min": 0, "max": 1}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, share in SHARES.items():
            self.fields[name].initial = round(100 * getattr(self.instance, share))
        self.fields["span_overlap"].required = False
        self.fields["span_overlap"].widget = forms.RadioSelect(
            choices=[(value, translated_lazy(words)) for value, words in SPAN_OVERLAPS]
        )
        self.fields["strategy"].widget = forms.RadioSelect(choices=Strategy.choices)

    def clean_span_overlap(self) -> str:
        """A form that does not say it leaves it as it is."""
        return str(self.cleaned_data["span_overlap"] or self.initial["span_overlap"])

    def changes(self) -> dict[str, Any]:
        """Field values for `project_update`."""
        values = {name: self.cleaned_data[name] for name in self.Meta.fields}
        # A share that was not touched keeps its exact value, whatever the rounding.
        for name in SHARES.keys() & set(self.changed_data):
            values[SHARES[name]] = self.cleaned_data[name] / 100
        return values


class LabelForm(forms.ModelForm):  # type: ignore[type-arg]
    review_weight = forms.FloatField(
        required=False,
        initial=1.0,
        min_value=0.1,
        max_value=10,
        label=_("Weight in review"),
        help_text=_("Disputed texts are reviewed in the order of expected mistakes times this, 0.1 to 10."),
        widget=forms.NumberInput(attrs={"step": 0.1}),
    )

    class Meta:
        model = Label
        fields: ClassVar[list[str]] = ["name", "color", "key", "description", "review_weight"]
        labels: ClassVar[dict[str, Any]] = {"color": _("Colour"), "key": _("Key")}
        widgets: ClassVar[dict[str, Any]] = {
            "color": forms.TextInput(attrs={"type": "color"}),
            "key": forms.TextInput(attrs={"size": 1, "autocomplete": "off"}),
            "description": forms.TextInput(),
        }

    def clean_review_weight(self) -> float:
        """A form that does not say it leaves it as it is."""
        value = self.cleaned_data["review_weight"]
        return float(
            self.get_initial_for_field(self.fields["review_weight"], "review_weight") if value is None else value
        )

    def _post_clean(self) -> None:
        """The service validates the whole label, with its project; here only the shape."""


class GuidelineForm(forms.Form):
    body = forms.CharField(
        max_length=200_000,
        label=_("Guideline (Markdown)"),
        widget=forms.Textarea(attrs={"rows": 22, "spellcheck": "true"}),
        strip=False,
    )


class PersonField(forms.ModelChoiceField):  # type: ignore[type-arg]
    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.name} ({obj.username})"


class PauseForm(forms.Form):
    reason = forms.CharField(
        max_length=500,
        label=_("Reason"),
        help_text=_("The person reads it instead of the next document, so say what should happen now."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class MemberForm(forms.Form):
    user = PersonField(queryset=User.objects.none(), label=_("Person"), empty_label=_("Choose somebody"))
    role = forms.ChoiceField(
        choices=[(role.value, translated_lazy(role.label)) for role in ProjectRole],
        initial=ProjectRole.ANNOTATOR.value,
    )

    def __init__(self, *args: Any, ctx: ProjectContext, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["user"]
        assert isinstance(field, PersonField)
        field.queryset = addable_users(ctx)

    def clean_role(self) -> ProjectRole:
        return ProjectRole(self.cleaned_data["role"])


class MemberRoleForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = ProjectMember
        fields: ClassVar[list[str]] = ["role"]

    def clean_role(self) -> ProjectRole:
        return ProjectRole(self.cleaned_data["role"])


class WorkForm(forms.Form):
    """The annotation page's post: which assignment, what to do, and the payload."""

    assignment = forms.UUIDField()
    action = forms.ChoiceField(choices=[(a, a) for a in ("submit", "skip", "reject")])
    payload = forms.CharField(required=False, strip=False)
    reason = forms.CharField(required=False, max_length=500)
    ahead = forms.UUIDField(required=False)
    """The reserved document that the page shows already."""


class AheadForm(forms.Form):
    """Reserving the next document: the one the page has already, or that the person leaves."""

    known = forms.UUIDField(required=False)
    leave = forms.BooleanField(required=False)


class DraftForm(forms.Form):
    """Saving by itself: the revision the page has seen, and the payload as for submitting."""

    base = forms.IntegerField(min_value=0, max_value=2_000_000_000)
    payload = forms.CharField(strip=False)


class ThreadForm(forms.Form):
    """A new conversation about a document, or about a place in it."""

    body = forms.CharField(max_length=2000)
    flagged = forms.BooleanField(required=False)
    start = forms.IntegerField(required=False, min_value=0)
    end = forms.IntegerField(required=False, min_value=0)


class AnswerForm(forms.Form):
    action = forms.ChoiceField(choices=[(a, a) for a in ("answer", "resolve", "reopen")])
    body = forms.CharField(required=False, max_length=2000)
