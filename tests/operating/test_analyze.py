"""SQLite knows how many rows there are."""

import pytest
from django.db import connection

from adtarget import tasks
from tests.factories import ConversionFactory

pytestmark = pytest.mark.django_db


def test_the_rows_are_counted() -> None:
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL counts by itself.")
    ConversionFactory.create_batch(5)
    tasks.analyze()
    with connection.cursor() as cursor:
        cursor.execute("SELECT stat FROM sqlite_stat1 WHERE idx = 'conversion_by_site'")
        assert cursor.fetchone()[0].startswith("5 ")
