import pytest
from django.test import Client

from tests.factories import UserFactory


@pytest.fixture
def ops(db: None) -> Client:
    """A browser with ops signed in, from a known address."""
    client = Client(REMOTE_ADDR="198.51.100.9")
    client.force_login(UserFactory(username="ada", ops=True))
    return client
