"""Shapes of what the API takes and gives; nothing is saved here."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from activelearning.domain.comparison import Difference
from activelearning.models import InferenceRequest, ModelVersion, TrainingRun
from activelearning.selectors.comparison import VersionComparison
from activelearning.services.inference import LONGEST_TEXT
from annotation.access import ProjectContext
from annotation.domain.formats import FORMATS, LAYER_USES
from annotation.domain.spans import SPAN_OVERLAPS
from annotation.models import Document, ImportJob, Label, Project, Split
from annotation.selectors.documents import STATUSES
from annotation.selectors.projects import palette
from quality.selectors.panel import Panel
from quality.selectors.people import PersonRow


@extend_schema_field(OpenApiTypes.URI)
class UrlField(serializers.Field[Any, Any, str, Any]):
    """Where to look at a thing again: `viewname` with the thing's uuid as `argument`."""

    def __init__(self, viewname: str, argument: str) -> None:
        super().__init__(source="*", read_only=True)
        self.viewname, self.argument = viewname, argument

    def to_representation(self, value: Any) -> str:
        ctx: ProjectContext = self.context["ctx"]
        place = {"org": ctx.organization.slug, "project": ctx.project.uuid, self.argument: value.uuid}
        url: str = self.context["request"].build_absolute_uri(reverse(self.viewname, kwargs=place))
        return url


# --- projects -----------------------------------------------------------------------------


class LabelSerializer(serializers.ModelSerializer[Label]):
    class Meta:
        model = Label
        fields = ["name", "color", "key", "description"]


class ProjectSerializer(serializers.ModelSerializer[Project]):
    class Meta:
        model = Project
        fields = ["uuid", "name", "description", "created_at"]


class ProjectDetailSerializer(serializers.Serializer[ProjectContext]):
    uuid = serializers.UUIDField(source="project.uuid")
    name = serializers.CharField(source="project.name")
    description = serializers.CharField(source="project.description")
    created_at = serializers.DateTimeField(source="project.created_at")
    strategy = serializers.CharField(source="project.strategy")
    overlap = serializers.IntegerField(source="project.overlap")
    overlap_share = serializers.FloatField(source="project.overlap_share")
    span_overlap = serializers.ChoiceField(
        SPAN_OVERLAPS,
        source="project.span_overlap",
        help_text="Which spans of one person may share words.",
    )
    doubt_share = serializers.FloatField(source="project.doubt_share")
    learn_consensus = serializers.BooleanField(source="project.learn_consensus")
    weigh_labels = serializers.BooleanField(source="project.weigh_labels")
    labels = serializers.SerializerMethodField()
    role = serializers.CharField()
    permissions = serializers.SerializerMethodField()

    @extend_schema_field(LabelSerializer(many=True))
    def get_labels(self, ctx: ProjectContext) -> list[dict[str, str]]:
        return list(LabelSerializer(palette(ctx.project), many=True).data)

    def get_permissions(self, ctx: ProjectContext) -> list[str]:
        return sorted(ctx.permissions)


# --- texts --------------------------------------------------------------------------------


class DocumentFilterSerializer(serializers.Serializer[Any]):
    search = serializers.CharField(required=False, max_length=200, help_text="A part of the text, or the exact id.")
    split = serializers.ChoiceField(Split.choices, required=False)
    status = serializers.ChoiceField(list(STATUSES.items()), required=False)
    label = serializers.CharField(required=False, max_length=60, help_text="Somebody marked it with this label.")  # type: ignore[assignment]


class DocumentSerializer(serializers.ModelSerializer[Document]):
    annotators = serializers.IntegerField(source="people", help_text="How many people have submitted it.")
    rejections = serializers.IntegerField()
    has_gold = serializers.BooleanField()

    class Meta:
        model = Document
        fields = [
            "uuid",
            "external_id",
            "split",
            "position",
            "text",
            "overlap_target",
            "annotators",
            "rejections",
            "has_gold",
        ]


class ImportOptionsSerializer(serializers.Serializer[Any]):
    with_labels = serializers.BooleanField(default=True)
    label_map = serializers.DictField(
        child=serializers.CharField(allow_blank=True, max_length=60),
        required=False,
        help_text="Label in the file → label in the project; empty leaves its spans out.",
    )
    create_labels = serializers.BooleanField(default=False)
    layer_map = serializers.DictField(
        child=serializers.ChoiceField(list(LAYER_USES.items())),
        required=False,
        help_text="Annotator in the file → what becomes of their labels.",
    )
    file_splits = serializers.BooleanField(default=True)
    skip_errors = serializers.BooleanField(default=False)
    longest = serializers.BooleanField(
        default=False,
        help_text="Of spans that share words in a way the project does not allow, keep the longest; else refuse them.",
    )


class ImportSerializer(serializers.Serializer[Any]):
    format = serializers.ChoiceField(list(FORMATS.items()))
    split = serializers.ChoiceField(Split.choices, default=Split.POOL.value)
    content = serializers.CharField(trim_whitespace=False, help_text="The whole file as text.")
    filename = serializers.CharField(required=False, max_length=255)
    options = ImportOptionsSerializer(required=False)
    dry_run = serializers.BooleanField(default=False, help_text="Only check, import nothing.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        return {"options": {}} | attrs


class CommentSerializer(serializers.Serializer[Any]):
    author = serializers.CharField(help_text="Reviewers get annotators, and annotators get reviewers, without a name.")
    own = serializers.BooleanField()
    unread = serializers.BooleanField()
    body = serializers.CharField()
    created_at = serializers.DateTimeField()


class ThreadSerializer(serializers.Serializer[Any]):
    """A conversation about a document, or about `text[start:end]`."""

    uuid = serializers.UUIDField(source="thread.uuid")
    document = serializers.UUIDField(source="thread.document.uuid")
    start = serializers.IntegerField(source="thread.start", allow_null=True)
    end = serializers.IntegerField(source="thread.end", allow_null=True)
    flagged = serializers.BooleanField(source="thread.flagged")
    resolved_at = serializers.DateTimeField(source="thread.resolved_at", allow_null=True)
    comments = CommentSerializer(many=True)


class CommentTextSerializer(serializers.Serializer[Any]):
    body = serializers.CharField(max_length=2000, help_text="@name, @reviewers or @managers tells them.")


class NewThreadSerializer(CommentTextSerializer):
    document = serializers.UUIDField()
    start = serializers.IntegerField(required=False, min_value=0, help_text="With `end`: the place it is about.")
    end = serializers.IntegerField(required=False, min_value=0)
    flagged = serializers.BooleanField(default=False, help_text="Something is wrong with the document.")


class SettledSerializer(serializers.Serializer[Any]):
    resolved = serializers.BooleanField()


class ImportJobSerializer(serializers.ModelSerializer[ImportJob]):
    url = UrlField("api:import_job", "job")
    checked = serializers.SerializerMethodField(help_text="Counts and row-numbered errors of the check.")

    class Meta:
        model = ImportJob
        fields = ["uuid", "url", "status", "format", "split", "filename", "total", "done", "checked", "report"]

    def get_checked(self, job: ImportJob) -> dict[str, Any]:
        return {name: value for name, value in job.preview.items() if name != "first"}


# --- learning -----------------------------------------------------------------------------


class ModelVersionSerializer(serializers.ModelSerializer[ModelVersion]):
    name = serializers.CharField()
    withheld = serializers.BooleanField(
        help_text="Measured clearly worse than the fast version in use, so never put into its place: `metrics.against`."
    )

    class Meta:
        model = ModelVersion
        fields = [
            "uuid",
            "name",
            "active",
            "withheld",
            "tier",
            "checkpoint",
            "labels",
            "strategy",
            "metrics",
            "train_documents",
            "test_documents",
            "seconds",
            "created_at",
        ]


class DifferenceSerializer(serializers.Serializer[Difference]):
    first = serializers.FloatField(source="first.f1", help_text="F1 of `first`.")
    second = serializers.FloatField(source="second.f1")
    difference = serializers.FloatField(source="f1", help_text="Second minus first.")
    low = serializers.FloatField(help_text="Lower end of the difference's 95 % interval.")
    high = serializers.FloatField()
    p = serializers.FloatField(help_text="Two-sided, by approximate randomisation of the texts.")
    better = serializers.CharField(help_text="`first`, `second`, or empty where no difference can be shown.")


class LabelDifferenceSerializer(DifferenceSerializer):
    label = serializers.CharField()  # type: ignore[assignment]


class VersionComparisonSerializer(serializers.Serializer[VersionComparison]):
    first = serializers.UUIDField(source="first.uuid")
    second = serializers.UUIDField(source="second.uuid")
    sentence = serializers.CharField()
    documents = serializers.IntegerField(source="result.documents")
    overall = DifferenceSerializer(source="result.overall")
    labels = serializers.SerializerMethodField()

    @extend_schema_field(LabelDifferenceSerializer(many=True))
    def get_labels(self, found: VersionComparison) -> list[dict[str, Any]]:
        return [{"label": row.name} | DifferenceSerializer(row.difference).data for row in found.labels]


class TrainingRunSerializer(serializers.ModelSerializer[TrainingRun]):
    url = UrlField("api:run", "run")

    class Meta:
        model = TrainingRun
        fields = [
            "uuid",
            "url",
            "kind",
            "status",
            "stage",
            "reason",
            "progress",
            "seconds",
            "error",
            "created_at",
            "started_at",
            "finished_at",
        ]


class QuestionSerializer(serializers.Serializer[Any]):
    text = serializers.CharField(trim_whitespace=False, max_length=LONGEST_TEXT)
    model = serializers.UUIDField(required=False, help_text="A version; the active one unless given.")


class EntitySerializer(serializers.Serializer[Any]):
    start = serializers.IntegerField(help_text="Unicode code points, from 0.")
    end = serializers.IntegerField(help_text="Exclusive.")
    label = serializers.CharField()  # type: ignore[assignment]
    text = serializers.CharField()
    confidence = serializers.FloatField()


class AnswerSerializer(serializers.ModelSerializer[InferenceRequest]):
    url = UrlField("api:inference", "question")
    model = serializers.UUIDField(source="version.uuid")
    entities = serializers.SerializerMethodField()

    class Meta:
        model = InferenceRequest
        fields = ["uuid", "url", "status", "model", "entities", "error"]

    @extend_schema_field(EntitySerializer(many=True))
    def get_entities(self, question: InferenceRequest) -> list[dict[str, Any]]:
        return [span | {"text": question.text[span["start"] : span["end"]]} for span in question.spans]


# --- quality ------------------------------------------------------------------------------


class FigureSerializer(serializers.Serializer[Any]):
    value = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True, help_text="Lower end of the interval, where there is one.")
    high = serializers.FloatField(allow_null=True)
    n = serializers.IntegerField(help_text="What it stands on: words or spans.")
    reason = serializers.CharField(help_text="Why there is no value.")


class LabelAgreementSerializer(serializers.Serializer[Any]):
    label = serializers.CharField(source="name")  # type: ignore[assignment]
    alpha = FigureSerializer()
    exact = FigureSerializer()
    overlap = FigureSerializer()


class ApartSerializer(serializers.Serializer[Any]):
    kind = serializers.CharField(source="title")
    query = serializers.CharField(help_text="The parameters that ask for all its figures.")
    documents = serializers.IntegerField()
    exact = FigureSerializer()
    alpha = FigureSerializer()


class AgreementSerializer(serializers.Serializer[Panel]):
    measured_at = serializers.DateTimeField(source="created_at")
    slice = serializers.SerializerMethodField()
    counts = serializers.DictField(child=serializers.IntegerField())
    alpha = serializers.SerializerMethodField()
    span_f1 = serializers.SerializerMethodField()
    labels = LabelAgreementSerializer(many=True)
    pairs = serializers.SerializerMethodField()
    conflicts = serializers.SerializerMethodField()
    confusion = serializers.SerializerMethodField()
    kept_apart = ApartSerializer(source="apart", many=True)

    def get_slice(self, panel: Panel) -> dict[str, str]:
        return {name: value for name, value in self.context["slice"].values.items() if value}

    def get_confusion(self, panel: Panel) -> dict[str, dict[str, int]]:
        """Spans of a label by what the other person of a pair has in their place."""
        return {
            row.label: {
                other: cell.spans for other, cell in zip(panel.confused_with, row.cells, strict=True) if cell.spans
            }
            for row in panel.confusion
        }

    @extend_schema_field(serializers.DictField(child=FigureSerializer()))
    def get_alpha(self, panel: Panel) -> dict[str, Any]:
        return {figure.name: FigureSerializer(figure).data for figure in panel.alphas}

    @extend_schema_field(serializers.DictField(child=FigureSerializer()))
    def get_span_f1(self, panel: Panel) -> dict[str, Any]:
        return {figure.name: FigureSerializer(figure).data for figure in panel.f1s}

    def get_pairs(self, panel: Panel) -> list[dict[str, Any]]:
        left_out = ("a", "b")
        return [
            {"first": pair.first, "second": pair.second}
            | {name: value for name, value in pair.figures.items() if name not in left_out}
            for pair in panel.pairs
        ]

    def get_conflicts(self, panel: Panel) -> dict[str, int]:
        return {kind: count for kind, _, count, _ in panel.conflicts}


class EvidenceSerializer(serializers.Serializer[Any]):
    """A figure about a person, and null where there is too little to give one."""

    f1 = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)
    documents = serializers.IntegerField()
    missing = serializers.CharField(help_text="What is still needed before there are figures; empty when there are.")


class SelfAgreementSerializer(EvidenceSerializer):
    alpha = FigureSerializer(allow_null=True)


class PersonSerializer(serializers.Serializer[PersonRow]):
    username = serializers.CharField(source="user.username")
    name = serializers.CharField(source="user.name")
    documents = serializers.IntegerField(help_text="Labelled at all.")
    others = serializers.SerializerMethodField()
    checks = serializers.SerializerMethodField()
    themselves = serializers.SerializerMethodField()
    signs = serializers.ListField(child=serializers.CharField(), help_text="What a manager should look at.")

    @extend_schema_field(EvidenceSerializer)
    def get_others(self, row: PersonRow) -> dict[str, Any]:
        found = None if row.missing else row.reliability
        return {
            "f1": found and found.f1,
            "low": found and found.low,
            "high": found and found.high,
            "documents": row.reliability.documents if row.reliability else 0,
            "missing": row.missing,
        }

    @extend_schema_field(serializers.DictField())
    def get_checks(self, row: PersonRow) -> dict[str, Any]:
        """Documents with gold that were given to check them."""
        return {"f1": row.checks.total.f1, "documents": row.checks.documents}

    @extend_schema_field(SelfAgreementSerializer(allow_null=True))
    def get_themselves(self, row: PersonRow) -> dict[str, Any] | None:
        """Documents given again; null where none was."""
        if row.again is None:
            return None
        exact, alpha = (None, None) if row.again.missing else (row.again.exact, row.again.alpha)
        return {
            "f1": exact and exact.value,
            "low": exact and exact.low,
            "high": exact and exact.high,
            "documents": row.again.documents,
            "missing": row.again.missing,
            "alpha": alpha and {name: getattr(alpha, name) for name in ("value", "low", "high", "n", "reason")},
        }
