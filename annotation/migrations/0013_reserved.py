# The document after the one in work, reserved; and indexes from which progress is counted.

from __future__ import annotations

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
        ("annotation", "0012_asked"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="assignment",
            name="one_live_assignment_per_slot",
        ),
        migrations.RemoveConstraint(
            model_name="assignment",
            name="one_live_assignment_per_person_and_document",
        ),
        migrations.RemoveIndex(
            model_name="assignment",
            name="assignment_leases",
        ),
        migrations.RemoveIndex(
            model_name="assignment",
            name="assignment_by_status",
        ),
        migrations.AlterField(
            model_name="assignment",
            name="status",
            field=models.CharField(
                choices=[
                    ("reserved", "Next"),
                    ("active", "In work"),
                    ("submitted", "Submitted"),
                    ("rejected", "Rejected"),
                    ("skipped", "Skipped"),
                    ("expired", "Expired"),
                ],
                default="active",
                max_length=9,
            ),
        ),
        migrations.AddIndex(
            model_name="assignment",
            index=models.Index(
                condition=models.Q(("status__in", ["reserved", "active"])),
                fields=["lease_until"],
                name="assignment_leases",
            ),
        ),
        migrations.AddIndex(
            model_name="assignment",
            index=models.Index(fields=["project", "status", "annotator"], name="assignment_by_status"),
        ),
        migrations.AddIndex(
            model_name="document",
            index=models.Index(fields=["project", "split", "probe", "overlap_target"], name="document_wanted"),
        ),
        migrations.AddConstraint(
            model_name="assignment",
            constraint=models.UniqueConstraint(
                condition=models.Q(
                    ("is_check", False), ("status__in", ["reserved", "active", "submitted", "rejected"])
                ),
                fields=("document", "slot"),
                name="one_live_assignment_per_slot",
            ),
        ),
        migrations.AddConstraint(
            model_name="assignment",
            constraint=models.UniqueConstraint(
                condition=models.Q(("repeats", None), ("status__in", ["reserved", "active", "submitted", "rejected"])),
                fields=("document", "annotator"),
                name="one_live_assignment_per_person_and_document",
            ),
        ),
        migrations.AddConstraint(
            model_name="assignment",
            constraint=models.UniqueConstraint(
                condition=models.Q(("status", "reserved")),
                fields=("project", "annotator"),
                name="one_document_reserved_per_person",
            ),
        ),
    ]
