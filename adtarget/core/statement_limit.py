"""A time limit for the statements of a block, which PostgreSQL keeps; SQLite has none."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction


@contextmanager
def statement_limit(seconds: float) -> Iterator[None]:
    """Raises OperationalError in a statement that takes longer. The block is a transaction: keep it short."""
    if connection.vendor != "postgresql":
        yield
        return
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('statement_timeout', %s, true)", [str(int(seconds * 1000))])
        yield
