# Documents that have gold, given once more to check their annotator.

from __future__ import annotations

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
        ("annotation", "0004_pauses"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="assignment",
            name="one_live_assignment_per_slot",
        ),
        migrations.AddField(
            model_name="assignment",
            name="answer",
            field=models.JSONField(null=True),
        ),
        migrations.AddField(
            model_name="assignment",
            name="is_check",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="project",
            name="gold_checks",
            field=models.BooleanField(
                default=False,
                help_text="Everybody's first five documents, and then about one in twenty, are ones that have gold already. They look like all others; how well people do on them is shown on the page People.",
            ),
        ),
        migrations.AddConstraint(
            model_name="assignment",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_check", False), ("status__in", ["active", "submitted", "rejected"])),
                fields=("document", "slot"),
                name="one_live_assignment_per_slot",
            ),
        ),
        migrations.AddConstraint(
            model_name="assignment",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_check", True)),
                fields=("document", "annotator"),
                name="one_check_per_person_and_document",
            ),
        ),
    ]
