# What is known of the labels before a model learns from them, and the settings for it.

from __future__ import annotations

import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
        ("annotation", "0008_repetitions"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="AnnotatorTrust",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("weight", models.FloatField()),
            ],
        ),
        migrations.CreateModel(
            name="Doubt",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("wrong_words", models.FloatField()),
                ("spans", models.JSONField()),
                ("model_uuid", models.UUIDField()),
                ("model_name", models.CharField(max_length=60)),
                ("created_at", models.DateTimeField()),
                ("asked_at", models.DateTimeField(null=True)),
            ],
            options={
                "ordering": ["-wrong_words", "document_id"],
            },
        ),
        migrations.CreateModel(
            name="ResolvedLabels",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("method", models.CharField(max_length=10)),
                ("run_uuid", models.UUIDField()),
                ("annotations", models.JSONField()),
                ("spans", models.JSONField()),
                ("weight", models.FloatField()),
            ],
        ),
        migrations.AddField(
            model_name="project",
            name="doubt_share",
            field=models.FloatField(
                default=0.0,
                help_text="The share of texts labelled by one person that a second one gets, unseen, because a model trained on the other texts would mark them otherwise. 0: none.",
                validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(0.2)],
            ),
        ),
        migrations.AddField(
            model_name="project",
            name="learn_consensus",
            field=models.BooleanField(
                default=False,
                help_text="Where several people labelled a text, the model learns what the consensus says in place of their vote. Only once reviewers settled enough texts to show that the consensus is at least as good.",
            ),
        ),
        migrations.AddField(
            model_name="project",
            name="weigh_labels",
            field=models.BooleanField(
                default=False,
                help_text="Labels of one person count as much as that person agrees with the others, a consensus as much as it is likely to be right. Gold and votes count in full.",
            ),
        ),
        migrations.AddConstraint(
            model_name="project",
            constraint=models.CheckConstraint(
                condition=models.Q(("doubt_share__gte", 0), ("doubt_share__lte", 0.2)),
                name="doubt_share_is_at_most_a_fifth",
            ),
        ),
        migrations.AddField(
            model_name="annotatortrust",
            name="annotator",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="annotatortrust",
            name="organization",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.organization"
            ),
        ),
        migrations.AddField(
            model_name="annotatortrust",
            name="project",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="trust", to="annotation.project"
            ),
        ),
        migrations.AddField(
            model_name="doubt",
            name="annotation",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to="annotation.annotation"
            ),
        ),
        migrations.AddField(
            model_name="doubt",
            name="document",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.CASCADE, related_name="doubt", to="annotation.document"
            ),
        ),
        migrations.AddField(
            model_name="doubt",
            name="organization",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.organization"
            ),
        ),
        migrations.AddField(
            model_name="doubt",
            name="project",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="doubts", to="annotation.project"
            ),
        ),
        migrations.AddField(
            model_name="resolvedlabels",
            name="document",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.CASCADE, related_name="resolved_labels", to="annotation.document"
            ),
        ),
        migrations.AddField(
            model_name="resolvedlabels",
            name="organization",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.organization"
            ),
        ),
        migrations.AddField(
            model_name="resolvedlabels",
            name="project",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="resolved_labels", to="annotation.project"
            ),
        ),
        migrations.AddConstraint(
            model_name="annotatortrust",
            constraint=models.UniqueConstraint(
                fields=("project", "annotator"), name="one_trust_per_project_and_annotator"
            ),
        ),
        migrations.AddConstraint(
            model_name="annotatortrust",
            constraint=models.CheckConstraint(
                condition=models.Q(("weight__gt", 0), ("weight__lte", 1)), name="trust_weight_is_a_share"
            ),
        ),
        migrations.AddIndex(
            model_name="doubt",
            index=models.Index(fields=["project", "-wrong_words"], name="doubts_worst_first"),
        ),
        migrations.AddConstraint(
            model_name="resolvedlabels",
            constraint=models.CheckConstraint(
                condition=models.Q(("weight__gt", 0), ("weight__lte", 1)), name="resolved_weight_is_a_share"
            ),
        ),
    ]
