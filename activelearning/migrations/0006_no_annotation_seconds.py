# What a document costs is read from what was timed, not from a sum that imported labels were counted into.

from __future__ import annotations

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("activelearning", "0005_withheld_versions"),
    ]

    operations = [
        migrations.RemoveField(
            model_name="modelversion",
            name="annotation_seconds",
        ),
    ]
