"""Partitions visits and sessions of a new installation; others wait for `manage.py partition_tables`."""

from django.db import migrations

from adtarget.core.partitions.operations import PartitionIfEmpty
from adtarget.core.partitions.tables import PartitionedTable


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("tracker", "0015_visits_without_foreign_keys"),
        ("conversions", "0008_visits_without_foreign_keys"),
    ]

    operations = [
        PartitionIfEmpty(PartitionedTable("tracker_visit", "vis")),
        PartitionIfEmpty(PartitionedTable("tracker_trackingsession", "ses")),
    ]
