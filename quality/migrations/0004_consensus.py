# How people agree together, and how far each can be relied on.

from __future__ import annotations

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
        ("annotation", "0003_overlap_reason"),
        ("quality", "0003_adjudication"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ConsensusRun",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uuid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("number", models.PositiveIntegerField()),
                ("method", models.CharField(blank=True, max_length=10)),
                ("documents", models.PositiveIntegerField(default=0)),
                ("left_out", models.PositiveIntegerField(default=0)),
                ("annotators", models.PositiveIntegerField(default=0)),
                ("spans", models.PositiveIntegerField(default=0)),
                ("thirds", models.JSONField(default=list)),
                ("calibration", models.JSONField(null=True)),
                ("settled_spans", models.PositiveIntegerField(default=0)),
                ("alike", models.JSONField(default=list)),
                ("data_sha", models.CharField(max_length=64)),
                ("watermark", models.PositiveBigIntegerField()),
                ("seconds", models.FloatField(default=0)),
                ("created_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(null=True)),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.organization"
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="annotation.project"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ConsensusDocument",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("spans", models.JSONField()),
                ("people", models.PositiveSmallIntegerField()),
                ("uncertainty", models.FloatField()),
                ("layers_sha", models.CharField(max_length=64)),
                (
                    "document",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="annotation.document"
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.organization"
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="rows", to="quality.consensusrun"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="AnnotatorReliability",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("documents", models.PositiveIntegerField()),
                ("reference_spans", models.PositiveIntegerField()),
                ("precision", models.FloatField(null=True)),
                ("recall", models.FloatField(null=True)),
                ("f1", models.FloatField(null=True)),
                ("low", models.FloatField(null=True)),
                ("high", models.FloatField(null=True)),
                ("enough", models.BooleanField()),
                ("per_label", models.JSONField(default=dict)),
                ("speed", models.JSONField(null=True)),
                ("drift", models.JSONField(null=True)),
                (
                    "annotator",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.organization"
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="people", to="quality.consensusrun"
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="consensusrun",
            constraint=models.UniqueConstraint(fields=("project", "number"), name="consensus_number_unique"),
        ),
        migrations.AddConstraint(
            model_name="consensusrun",
            constraint=models.UniqueConstraint(
                condition=models.Q(("finished_at__isnull", True)), fields=("project",), name="one_consensus_in_work"
            ),
        ),
        migrations.AddIndex(
            model_name="consensusdocument",
            index=models.Index(fields=["run", "-uncertainty"], name="consensus_least_sure"),
        ),
        migrations.AddConstraint(
            model_name="consensusdocument",
            constraint=models.UniqueConstraint(fields=("run", "document"), name="document_once_per_consensus"),
        ),
        migrations.AddConstraint(
            model_name="annotatorreliability",
            constraint=models.UniqueConstraint(fields=("run", "annotator"), name="annotator_once_per_consensus"),
        ),
    ]
