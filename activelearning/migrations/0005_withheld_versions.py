# Versions that were measured clearly worse than the one in use, and never put into its place.

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("activelearning", "0004_suspect_stage"),
    ]

    operations = [
        migrations.AddField(
            model_name="modelversion",
            name="withheld",
            field=models.BooleanField(default=False),
        ),
    ]
