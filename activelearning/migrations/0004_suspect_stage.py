# Naming the look for labels to check among the stages of a run.

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("activelearning", "0003_blind_comparison"),
    ]

    operations = [
        migrations.AlterField(
            model_name="trainingrun",
            name="stage",
            field=models.CharField(
                blank=True,
                choices=[
                    ("prepare", "Collecting labels"),
                    ("load", "Starting"),
                    ("features", "Reading the texts"),
                    ("fit", "Training"),
                    ("evaluate", "Measuring on the test texts"),
                    ("score", "Scoring the open documents"),
                    ("suspect", "Looking for labels to check"),
                    ("publish", "Publishing the queue"),
                ],
                max_length=8,
            ),
        ),
    ]
