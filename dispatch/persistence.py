"""Writes that must not be lost to a deadlock or a moment without the database."""

import time
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

import structlog
from django.db import InterfaceError, OperationalError, connection
from psycopg_pool import PoolTimeout

log = structlog.get_logger(__name__)

PAUSES = (0.05, 0.2, 1.0)  # seconds

P = ParamSpec("P")
R = TypeVar("R")


def persistent(write: Callable[P, R]) -> Callable[P, R]:
    """Runs a transaction again where the database refused it as a whole. It must be safe to repeat."""

    @wraps(write)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        for pause in PAUSES:
            try:
                return write(*args, **kwargs)
            except (OperationalError, InterfaceError, PoolTimeout) as error:
                if connection.in_atomic_block:  # the caller's transaction is lost with it
                    raise
                log.warning("write refused, again", error=type(error).__name__)
                connection.close_if_unusable_or_obsolete()
                time.sleep(pause)
        return write(*args, **kwargs)

    return wrapper
