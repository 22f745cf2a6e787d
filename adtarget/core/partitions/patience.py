"""Changes of a table under traffic: a lock is waited for shortly and asked for again, so that no request waits long."""

import random
import time
from collections.abc import Callable
from typing import TypeVar

import structlog
from django.db import OperationalError, transaction
from psycopg import errors

from adtarget.core.partitions.tables import run

log = structlog.get_logger(__name__)

T = TypeVar("T")

#: Shorter than PostgreSQL's deadlock_timeout of a second: where a request and the change wait for each other,
#: the change gives up before PostgreSQL looks for somebody to stop.
LOCK_WAIT = "500ms"
TRIES = 120
_BUSY = (errors.LockNotAvailable, errors.DeadlockDetected)


def patiently(work: Callable[[], T]) -> T:
    """Does the work in a transaction of its own, again until it gets its locks."""
    for tries_left in reversed(range(TRIES)):
        try:
            with transaction.atomic():
                run(f"SET LOCAL lock_timeout = '{LOCK_WAIT}'")
                return work()
        except OperationalError as error:
            if not isinstance(error.__cause__, _BUSY) or not tries_left:
                raise
            log.debug("a table is in use, trying again", error=type(error.__cause__).__name__)
        time.sleep(random.uniform(0.2, 0.6))
    raise AssertionError("not reached")


def was_moved(error: Exception) -> bool:
    """Whether a statement failed because its row went to another partition meanwhile: repeated, it finds the row."""
    return isinstance(error, OperationalError) and isinstance(error.__cause__, errors.SerializationFailure)
