"""POST /events/validate: what would happen, while nothing does."""

from typing import Any

import pytest

from conversions.models import Conversion
from dispatch.models import Send
from leads.models import Lead
from tests.factories import PixelFactory, SendFactory

pytestmark = pytest.mark.django_db
PATH = "/api/v1/events/validate"


@pytest.fixture
def body(site: Any, channel: Any) -> dict[str, Any]:
    return {
        "telegramUserId": 7,
        "siteId": site.pk,
        "channelId": channel.pk,
        "eventType": "Purchase",
        "value": 49.9,
        "currency": "EUR",
        "pii": {"email": "ada@example.com"},
        "clientIp": "8.8.8.8",
        "userAgent": "Mozilla/5.0",
    }


def test_nothing_is_kept(api: Any, body: dict[str, Any], meta_pixel: Any) -> None:
    api.post(PATH, body)
    assert [model.objects.count() for model in (Conversion, Send, Lead)] == [0, 0, 0]


def test_the_payload_is_the_one_that_is_sent(api: Any, body: dict[str, Any], meta_pixel: Any) -> None:
    from dispatch.previews import previews

    (told,) = api.post(PATH, body).json()["platforms"]
    api.post("/api/v1/events/conversion", body)
    (real,) = previews(Conversion.objects.select_related("site").get(), [meta_pixel])
    changing = {"event_id": None, "event_time": None}
    assert told["payload"] | changing == real.payload | changing  # type: ignore[operator]


def test_the_keys_that_are_there_and_missing_are_told(api: Any, body: dict[str, Any], meta_pixel: Any) -> None:
    (told,) = api.post(PATH, body).json()["platforms"]
    assert {"email", "clientIpAndUserAgent"} <= set(told["matchKeys"])
    assert "phone" in told["missingKeys"]


def test_a_platform_that_would_skip_says_why(api: Any, body: dict[str, Any], meta_pixel: Any) -> None:
    del body["userAgent"]
    (told,) = api.post(PATH, body).json()["platforms"]
    assert (told["wouldSend"], told["reason"], "payload" in told) == (False, "missing_user_agent", False)


def test_a_platform_without_signals_says_so(api: Any, body: dict[str, Any], site: Any) -> None:
    PixelFactory(site=site, platform="google", pixel_id="1234567890")
    del body["pii"]
    (told,) = api.post(PATH, body).json()["platforms"]
    assert (told["wouldSend"], told["reason"]) == (False, "no_signal")


def test_a_duplicate_names_what_it_repeats(api: Any, body: dict[str, Any], meta_pixel: Any) -> None:
    first = api.post("/api/v1/events/conversion", body).json()
    Send.objects.update(status="sent", sent_at="2026-11-01T00:00:00Z", due_at=None)
    answer = api.post(PATH, body).json()
    assert (answer["duplicateOf"], answer["wouldDispatch"]) == (first["conversionId"], False)
    assert answer["platforms"][0]["reason"] == "duplicate"


def test_a_known_person_is_not_cold(api: Any, body: dict[str, Any], meta_pixel: Any) -> None:
    api.post("/api/v1/events/conversion", body | {"eventType": "Lead"})
    answer = api.post(PATH, {"telegramUserId": 7, "eventType": "Subscribe"}).json()
    assert (answer["coldLead"], answer["siteId"]) == (False, body["siteId"])


@pytest.mark.parametrize("wrong", [{"value": -1}, {"siteId": "site_none"}, {"channelId": "chn_none"}])
def test_what_the_real_call_refuses_is_refused_alike(api: Any, body: dict[str, Any], wrong: dict[str, Any]) -> None:
    validated, real = (api.post(path, body | wrong) for path in (PATH, "/api/v1/events/conversion"))
    assert (validated.status_code, validated.json()) == (real.status_code, real.json())


def test_an_unsent_event_of_before_stays_as_it_was(api: Any, body: dict[str, Any], meta_pixel: Any) -> None:
    api.post("/api/v1/events/conversion", body)
    Send.objects.all().delete()
    kept = Conversion.objects.get()
    SendFactory(failed=True, conversion=kept, pixel=meta_pixel)
    api.post(PATH, body | {"value": 99})
    assert (Conversion.objects.get().value, Send.objects.get().status) == (kept.value, "failed")
