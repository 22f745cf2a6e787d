"""Each page view wrote two indexes that nothing reads."""

from django.db import migrations

from adtarget.core.partitions.operations import DropPatternIndex


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("tracker", "0017_indexes_in_use"),
    ]

    operations = [
        DropPatternIndex("tracker_visit"),
        DropPatternIndex("tracker_trackingsession"),
    ]
