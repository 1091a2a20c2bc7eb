# Documents that somebody labelled, given to them once more to see how far they agree with themselves.

from __future__ import annotations

from typing import Any

import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


def put_away(apps: Any, _: Any) -> None:
    """On the way back: without the field a repetition would be a second turn that nothing allows."""
    repetitions = apps.get_model("annotation", "Assignment").objects.filter(repeats__isnull=False)
    repetitions.update(status="expired", answer=None)


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
        ("annotation", "0007_key_choices"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="assignment",
            name="one_live_assignment_per_person_and_document",
        ),
        migrations.AddField(
            model_name="assignment",
            name="repeats",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="annotation.annotation"
            ),
        ),
        migrations.RunPython(migrations.RunPython.noop, put_away),
        migrations.AddField(
            model_name="project",
            name="repeat_after_days",
            field=models.PositiveSmallIntegerField(
                default=14,
                help_text="What is remembered says nothing about how sure somebody is.",
                validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(365)],
            ),
        ),
        migrations.AddField(
            model_name="project",
            name="repeat_share",
            field=models.FloatField(
                default=0.0,
                help_text="The share of everybody's documents that they have labelled before.",
                validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(0.2)],
            ),
        ),
        migrations.AddConstraint(
            model_name="assignment",
            constraint=models.UniqueConstraint(
                condition=models.Q(("repeats", None), ("status__in", ["active", "submitted", "rejected"])),
                fields=("document", "annotator"),
                name="one_live_assignment_per_person_and_document",
            ),
        ),
        migrations.AddConstraint(
            model_name="assignment",
            constraint=models.CheckConstraint(
                condition=models.Q(("repeats", None), ("is_check", True), _connector="OR"),
                name="repetitions_are_checks",
            ),
        ),
    ]
