"""Which tests the pass on PostgreSQL and Redis may leave out, and the proof that they do not care.

pytest-django lets no test near the database that does not ask for it, so such a test cannot depend on which
database it is. Redis is held off here: without a database, a test that reads the mode or the cache fails unless it
is marked `redis`. What remains is marked `embedded` and runs once, on SQLite.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import pytest
from django.conf import LazySettings, UserSettingsHolder, settings
from django.core.cache import caches

DATABASE_FIXTURES = {"db", "transactional_db", "live_server", "_shared_stack"}
DEPENDS_ON_REDIS = ("EMBEDDED", "REDIS_URL")
REFUSAL = "This test depends on whether there is Redis: mark it `redis`, so that it runs with and without."


def cares_about_servers(item: pytest.Item) -> bool:
    """Does it use the database, or say that it uses Redis or processes, which may use either?"""
    marks = ("django_db", "redis", "processes")
    return any(map(item.get_closest_marker, marks)) or bool(DATABASE_FIXTURES & set(getattr(item, "fixturenames", ())))


class _SettingsWithoutMode(UserSettingsHolder):
    def __getattr__(self, name: str) -> Any:
        if name in DEPENDS_ON_REDIS:
            raise AssertionError(REFUSAL)
        return super().__getattr__(name)


class _NoCache:
    def close(self) -> None:
        """Django asks this of every cache at the end of every request."""

    def __getattr__(self, name: str) -> NoReturn:
        raise AssertionError(REFUSAL)


def _forget_read(name: str) -> None:
    LazySettings.__getattribute__(settings, "__dict__").pop(name, None)


@contextmanager
def without_redis() -> Iterator[None]:
    """The mode cannot be read and the cache cannot be used."""
    whole, cache = settings._wrapped, caches["default"]
    for name in DEPENDS_ON_REDIS:
        _forget_read(name)
    settings._wrapped = _SettingsWithoutMode(whole)
    caches["default"] = _NoCache()
    try:
        yield
    finally:
        settings._wrapped = whole
        caches["default"] = cache
