from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("quality", "0009_asked"),
    ]

    operations = [
        migrations.AddField(
            model_name="agreementreport",
            name="span_overlap",
            field=models.CharField(default="none", max_length=6),
        ),
        migrations.AddField(
            model_name="documentagreement",
            name="nested",
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="documenttotal",
            name="nested",
            field=models.FloatField(default=0),
        ),
    ]
