"""What answers say of a key's limit."""

import re
from typing import Any

import pytest

from leads.models import ApiKey
from tests.conftest import Api
from tests.factories import ChannelFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def narrow(api_key: ApiKey) -> None:
    api_key.rate_limit_per_minute, api_key.rate_limit_burst = 60, 2
    api_key.save()


def test_each_answer_says_what_is_left(api: Api, narrow: None) -> None:
    left = [re.search(r"r=(\d+)", api.get("/api/v1/me")["RateLimit"])[1] for _ in range(2)]  # type: ignore[index]
    assert left == ["1", "0"]


def test_the_policy_is_the_keys_own(api: Api, narrow: None) -> None:
    assert api.get("/api/v1/me")["RateLimit-Policy"] == '"requests";q=2;w=2'


def test_the_older_names_say_the_same(api: Api, narrow: None) -> None:
    answer = api.get("/api/v1/me")
    assert [answer[f"X-RateLimit-{name}"] for name in ("Limit", "Remaining", "Reset")] == ["2", "1", "1"]


def test_a_refused_request_says_that_none_is_left(api: Api, narrow: None) -> None:
    answers = [api.get("/api/v1/me") for _ in range(3)]
    assert (answers[2].status_code, answers[2]["X-RateLimit-Remaining"]) == (429, "0")


def test_a_recorded_event_says_it_too(api: Api, channel: Any) -> None:
    event = {"telegramUserId": 1, "siteId": channel.site_id, "channelId": channel.pk, "eventType": "Lead"}
    assert api.post("/api/v1/events/conversion", event)["X-RateLimit-Remaining"] == "49"


def test_without_a_key_nothing_is_said_of_it(client: Any) -> None:
    ChannelFactory()
    assert "RateLimit" not in client.get("/api/v1/me").headers
