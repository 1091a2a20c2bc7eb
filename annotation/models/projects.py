"""Projects, their people, labels and guidelines."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from annotation.domain.permissions import ProjectRole
from annotation.domain.spans import SPAN_OVERLAPS, SpanOverlap
from annotation.models.base import PublicModel
from daner_site.accounts.models import TenantModel


class Strategy(models.TextChoices):
    """What can place a document in the queue; the engine computes all but `random`."""

    DEFAULT = "default", _("Recommended: different texts first, then those the model is least sure of")
    MNLP = "mnlp", _("MNLP: lowest mean log-probability of the best tag sequence per word")
    MNLP_LENGTH = "mnlp_length", _("MNLP with a correction that keeps very short texts from coming first")
    MNLP_DIVERSE = "mnlp_diverse", _("Corrected MNLP, spread over texts that differ from each other")
    LEAST_CONFIDENCE = "least_confidence", _("Least confidence: lowest probability of the sequence")
    MARGIN = "margin", _("Margin: smallest gap between the two best tags")
    ENTROPY = "entropy", _("Entropy: highest mean tag entropy per word")
    ENTITIES_PER_COST = "entities_per_cost", _("Most expected entities for the effort")
    BADGE = "badge", _("BADGE: unsure texts that would change the model in different ways")
    RANDOM = "random", _("Random order")


class CostUnit(models.TextChoices):
    """What a document costs its annotators."""

    SECONDS = "seconds", _("Seconds, as measured in this project")
    WORDS = "words", _("Words")
    DOCUMENTS = "documents", _("Documents")


class Project(PublicModel):
    """One labelling job: its texts, labels, people and learning loop."""

    name = models.CharField(max_length=120)
    description = models.TextField(blank=True, max_length=2000)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    archived_at = models.DateTimeField(null=True, blank=True)

    seed = models.PositiveIntegerField(default=13)
    overlap = models.PositiveSmallIntegerField(
        default=2,
        validators=[MinValueValidator(1), MaxValueValidator(10)],
        help_text=_("How many people label a document that is chosen for overlap."),
    )
    overlap_share = models.FloatField(
        default=0.2,
        validators=[MinValueValidator(0), MaxValueValidator(1)],
        help_text=_("The share of documents that get it; the others get one person."),
    )
    overlap_start = models.PositiveSmallIntegerField(
        default=30,
        validators=[MaxValueValidator(500)],
        help_text=_(
            "So many of the first documents of each guideline version get several people as well, "
            "but never more than a tenth of the project's texts. 0: none."
        ),
    )
    overlap_targeted = models.BooleanField(
        default=False,
        help_text=_("Texts get a second person, and then one more at a time while no two people agree."),
    )
    overlap_cap = models.PositiveSmallIntegerField(
        default=4,
        validators=[MinValueValidator(2), MaxValueValidator(10)],
        help_text=_("Never more than so many people for one text."),
    )
    overlap_agreement = models.FloatField(
        default=0.6,
        validators=[MinValueValidator(0), MaxValueValidator(1)],
        help_text=_("Two people agree when this share of their spans is the same (exact F1)."),
    )
    doubt_share = models.FloatField(
        default=0.0,
        validators=[MinValueValidator(0), MaxValueValidator(0.2)],
        help_text=_(
            "The share of texts labelled by one person that a second one gets, unseen, because a model trained "
            "on the other texts would mark them otherwise. 0: none."
        ),
    )
    learn_consensus = models.BooleanField(
        default=False,
        help_text=_(
            "Where several people labelled a text, the model learns what the consensus says in place of their "
            "vote. Only once reviewers settled enough texts to show that the consensus is at least as good."
        ),
    )
    weigh_labels = models.BooleanField(
        default=False,
        help_text=_(
            "Labels of one person count as much as that person agrees with the others, a consensus as much as "
            "it is likely to be right. Gold and votes count in full."
        ),
    )
    accept_unanimous = models.BooleanField(
        default=False,
        help_text=_(
            "Where at least two people marked exactly the same, this becomes gold without a reviewer. "
            "One text in twenty goes to a reviewer all the same, to see how often it is right."
        ),
    )
    lease_minutes = models.PositiveSmallIntegerField(
        default=30, validators=[MinValueValidator(1), MaxValueValidator(1440)]
    )
    span_overlap = models.CharField(
        max_length=6,
        choices=SPAN_OVERLAPS,
        default=SpanOverlap.NONE.value,
        help_text=_(
            "For names within names, as a place in the name of a company. Models learn one label a word: "
            "of spans that share words, the longest."
        ),
    )
    show_suggestions = models.BooleanField(default=True)
    gold_checks = models.BooleanField(
        default=False,
        help_text=_(
            "Everybody's first five documents, and then about one in twenty, are ones that have gold already. "
            "They look like all others; how well people do on them is shown on the page People."
        ),
    )
    repeat_share = models.FloatField(
        default=0.0,
        validators=[MinValueValidator(0), MaxValueValidator(0.2)],
        help_text=_("The share of everybody's documents that they have labelled before."),
    )
    repeat_after_days = models.PositiveSmallIntegerField(
        default=14,
        validators=[MinValueValidator(1), MaxValueValidator(365)],
        help_text=_("What is remembered says nothing about how sure somebody is."),
    )

    strategy = models.CharField(max_length=20, choices=Strategy.choices, default=Strategy.DEFAULT)
    diversity = models.FloatField(
        null=True,
        blank=True,
        validators=[MinValueValidator(0), MaxValueValidator(1)],
        help_text=_(
            "0: the least sure texts first. 1: the most different texts first. Empty: what the order does best."
        ),
    )
    random_share = models.FloatField(
        default=0.1,
        validators=[MinValueValidator(0), MaxValueValidator(0.5)],
        help_text=_("The share of documents that chance picks."),
    )
    probe_documents = models.PositiveIntegerField(
        default=150,
        help_text=_(
            "Documents that chance picks are shown without suggestions and kept for measuring, "
            "until there are this many test documents."
        ),
    )
    cost_unit = models.CharField(
        max_length=9,
        choices=CostUnit.choices,
        default=CostUnit.SECONDS,
        help_text=_("What the order takes for the effort of a document."),
    )
    checkpoint = models.CharField(
        max_length=300,
        blank=True,
        help_text=_(
            "A Hugging Face model name or folder. Empty: the small English encoder that comes with the installation."
        ),
    )
    retrain_after = models.PositiveIntegerField(
        default=10,
        validators=[MinValueValidator(1)],
        help_text=_("Train again after this many newly labelled documents."),
    )
    retrain_quiet_seconds = models.PositiveIntegerField(
        default=60,
        validators=[MinValueValidator(5)],
        help_text=_("Or when nothing was submitted for this long and something is new."),
    )
    queue_generation = models.PositiveIntegerField(default=0)

    class Meta:
        ordering: ClassVar[list[str]] = ["name", "id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=Q(overlap__gte=1), name="overlap_at_least_one"),
            models.CheckConstraint(
                condition=Q(span_overlap__in=[item.value for item in SpanOverlap]), name="span_overlap_is_known"
            ),
            models.CheckConstraint(
                condition=Q(overlap_share__gte=0) & Q(overlap_share__lte=1),
                name="overlap_share_is_a_share",
            ),
            models.CheckConstraint(
                condition=Q(overlap_agreement__gte=0) & Q(overlap_agreement__lte=1),
                name="overlap_agreement_is_a_share",
            ),
            models.CheckConstraint(
                condition=Q(doubt_share__gte=0) & Q(doubt_share__lte=0.2),
                name="doubt_share_is_at_most_a_fifth",
            ),
            models.CheckConstraint(
                condition=Q(diversity__isnull=True) | (Q(diversity__gte=0) & Q(diversity__lte=1)),
                name="diversity_is_a_share",
            ),
            models.CheckConstraint(
                condition=Q(random_share__gte=0) & Q(random_share__lte=0.5),
                name="random_share_is_at_most_half",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ProjectMember(TenantModel):
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="members")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="project_memberships")
    role = models.CharField(max_length=10, choices=[(r.value, r.label) for r in ProjectRole])
    created_at = models.DateTimeField(auto_now_add=True)
    paused_at = models.DateTimeField(null=True)
    """Since when they get no documents to label; null while they do."""
    paused_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    pause_reason = models.CharField(max_length=500, blank=True)
    """For the paused person to read."""

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["project", "user"], name="one_role_per_user_and_project"),
        ]

    def __str__(self) -> str:
        return f"{self.user} as {self.role}"


class Label(TenantModel):
    """An entity type. Its name never changes once used; a retired label keeps its old spans."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="labels")
    name = models.CharField(
        max_length=60,
        validators=[RegexValidator(r"^[^\s,;]+$", _("A label name has no spaces, commas or semicolons."))],
    )
    color = models.CharField(
        max_length=7, validators=[RegexValidator(r"^#[0-9a-fA-F]{6}$", _("Use a colour like #8ecae6."))]
    )
    key = models.CharField(
        max_length=1,
        blank=True,
        validators=[RegexValidator(r"^[a-z0-9]$", _("One small letter or digit."))],
    )
    description = models.CharField(max_length=500, blank=True)
    position = models.PositiveSmallIntegerField(default=0)
    review_weight = models.FloatField(default=1.0, validators=[MinValueValidator(0.1), MaxValueValidator(10)])
    """How much a mistake in this label matters: disputed texts are reviewed in the order of mistakes times this."""
    retired_at = models.DateTimeField(null=True, blank=True)
    newer_than = models.PositiveBigIntegerField(default=0, editable=False)
    """The newest annotation there was when the label came; nobody was asked about it in that or an older one."""

    class Meta:
        ordering: ClassVar[list[str]] = ["position", "id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["project", "name"], name="label_name_unique"),
            models.UniqueConstraint(
                fields=["project", "key"],
                condition=Q(retired_at__isnull=True) & ~Q(key=""),
                name="label_key_unique_while_in_use",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Guideline(TenantModel):
    """One version of the annotation guideline, in Markdown. Versions are only ever added."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="guidelines")
    version = models.PositiveIntegerField()
    body = models.TextField(max_length=200_000)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-version"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["project", "version"], name="guideline_version_unique"),
        ]

    def __str__(self) -> str:
        return f"guideline {self.version}"
