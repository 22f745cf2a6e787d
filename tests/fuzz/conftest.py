from collections.abc import Iterator
from typing import Any

import pytest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections


@pytest.fixture
def unlimited(db: None, settings: Any) -> Iterator[None]:
    """No limit on requests; and, as in Django's own test client, none ends the test's transaction."""
    settings.API_RATE_LIMIT_PER_MINUTE = settings.API_RATE_LIMIT_BURST = 10**9
    settings.ALLOWED_HOSTS = ["*"]
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)
