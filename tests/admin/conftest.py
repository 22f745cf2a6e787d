import pytest
from django.test import Client

from tests.dashboard.conftest import sign_in_recently
from tests.factories import UserFactory


@pytest.fixture
def ops(db: None) -> Client:
    """A browser with ops signed in, from a known address."""
    client = Client(REMOTE_ADDR="198.51.100.9")
    sign_in_recently(client, UserFactory(username="ada", ops=True))
    return client
