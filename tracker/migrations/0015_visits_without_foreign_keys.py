"""Nothing in PostgreSQL holds on to visits and sessions any more, so that old ones can be dropped as partitions."""

import django.db.models.deletion
from django.db import migrations, models

from adtarget.core.partitions.operations import AddPart, DropForeignKey
from adtarget.core.partitions.tables import PartitionedTable


class Migration(migrations.Migration):
    atomic = False  # each operation waits for its own locks, shortly and again

    dependencies = [
        ("tracker", "0014_kept_parameters"),
    ]

    operations = [
        DropForeignKey(
            model_name="botstart",
            name="visit",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="bot_starts",
                to="tracker.visit",
            ),
        ),
        DropForeignKey(
            model_name="invite",
            name="visit",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="invites",
                to="tracker.visit",
            ),
        ),
        DropForeignKey(
            model_name="join",
            name="visit",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="joins",
                to="tracker.visit",
            ),
        ),
        DropForeignKey(
            model_name="unattributableclick",
            name="visit",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="unattributable_clicks",
                to="tracker.visit",
            ),
        ),
        DropForeignKey(
            model_name="visit",
            name="session",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="visits",
                to="tracker.trackingsession",
            ),
        ),
        AddPart(PartitionedTable("tracker_visit", "vis")),
        AddPart(PartitionedTable("tracker_trackingsession", "ses")),
    ]
