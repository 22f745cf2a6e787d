"""Database connections of threads that wait for something else."""

from django.db import connection


def release_connection() -> None:
    """Gives this thread's connection back to the pool before slow work; inside a transaction it stays."""
    if not connection.in_atomic_block:
        connection.close()
