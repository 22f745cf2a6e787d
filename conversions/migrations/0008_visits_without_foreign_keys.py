"""Conversions name their visit and session without holding on to them, see tracker's migration of the same name."""

import django.db.models.deletion
from django.db import migrations, models

from adtarget.core.partitions.operations import DropForeignKey


class Migration(migrations.Migration):
    atomic = False  # each operation waits for its own locks, shortly and again

    dependencies = [
        ("conversions", "0007_imported_history"),
        ("tracker", "0015_visits_without_foreign_keys"),
    ]

    operations = [
        DropForeignKey(
            model_name="conversion",
            name="session",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                to="tracker.trackingsession",
            ),
        ),
        DropForeignKey(
            model_name="conversion",
            name="visit",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="conversions",
                to="tracker.visit",
            ),
        ),
    ]
