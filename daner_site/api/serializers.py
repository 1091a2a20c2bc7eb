"""Shapes of what the API takes and gives; nothing is saved here."""

from __future__ import annotations

from rest_framework import serializers

from annotation.access import ProjectContext
from annotation.models import Label, Project
from annotation.selectors.projects import palette


class LabelSerializer(serializers.ModelSerializer[Label]):
    class Meta:
        model = Label
        fields = ["name", "color", "key", "description"]


class ProjectSerializer(serializers.ModelSerializer[Project]):
    class Meta:
        model = Project
        fields = ["uuid", "name", "description", "created_at"]


class ProjectDetailSerializer(serializers.Serializer):  # type: ignore[type-arg]  # of a ProjectContext
    uuid = serializers.UUIDField(source="project.uuid")
    name = serializers.CharField(source="project.name")
    description = serializers.CharField(source="project.description")
    created_at = serializers.DateTimeField(source="project.created_at")
    strategy = serializers.CharField(source="project.strategy")
    overlap = serializers.IntegerField(source="project.overlap")
    overlap_share = serializers.FloatField(source="project.overlap_share")
    labels = serializers.SerializerMethodField()
    role = serializers.CharField()
    permissions = serializers.SerializerMethodField()

    def get_labels(self, ctx: ProjectContext) -> list[dict[str, str]]:
        return list(LabelSerializer(palette(ctx.project), many=True).data)

    def get_permissions(self, ctx: ProjectContext) -> list[str]:
        return sorted(ctx.permissions)
