"""The suite runs on what it says it runs on."""

import os
import tempfile

import pytest
from django.conf import settings
from django.db import connection

from adtarget.core import heartbeat


@pytest.mark.django_db
def test_the_database_is_the_one_asked_for() -> None:
    if os.environ.get("TEST_DATABASE_URL"):
        assert connection.vendor == "postgresql"
    else:
        # In memory, threads would lock each other out in a way that production does not know.
        assert connection.settings_dict["NAME"].startswith(tempfile.gettempdir())


@pytest.mark.redis
def test_the_broker_is_the_one_asked_for() -> None:
    is_redis = bool(os.environ.get("TEST_REDIS_URL"))

    assert settings.EMBEDDED is not is_redis
    assert not is_redis or heartbeat.client().ping()


def test_nothing_of_the_checkout_is_touched() -> None:
    assert str(settings.VAR_DIR).startswith(tempfile.gettempdir())
