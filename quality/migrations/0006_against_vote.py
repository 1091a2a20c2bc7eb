# How the consensus and the vote did on what reviewers settled.

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("quality", "0005_agreement_totals"),
    ]

    operations = [
        migrations.AddField(
            model_name="consensusrun",
            name="against_vote",
            field=models.JSONField(null=True),
        ),
    ]
