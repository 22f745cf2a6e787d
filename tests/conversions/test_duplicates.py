"""Duplicate protection."""

import json
import threading
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from conversions.models import Conversion
from dispatch.choices import Reason, SendStatus
from dispatch.models import Send
from leads import api_keys
from leads.choices import KeyMode
from tests.api.conftest import CONVERSION
from tests.conftest import Api
from tests.factories import ChannelFactory, PixelFactory

pytestmark = pytest.mark.django_db


def end_sends(status, **changes) -> None:
    now = timezone.now() if status == SendStatus.SENT else None
    Send.objects.update(status=status, due_at=None, sent_at=now, **changes)


@pytest.mark.promise("R12")
def test_a_sent_duplicate_is_answered_and_nothing_changes(accept, purchase, meta_pixel) -> None:
    first = accept(purchase)
    end_sends(SendStatus.SENT)
    before = Conversion.objects.values().get()
    again = accept({**purchase, "value": 99, "pii": {"email": "other@example.com"}})
    assert again["conversionId"] == first["conversionId"]
    assert (again["deduplicated"], again["dispatched"], again["sends"]) == (True, False, [])
    assert again["warning"]
    assert "updatedExisting" not in again
    assert Conversion.objects.values().get() == before


@pytest.mark.promise("R12")
@pytest.mark.parametrize(
    ("status", "reason"),
    [(SendStatus.PENDING, ""), (SendStatus.FAILED, Reason.REJECTED), (SendStatus.SKIPPED, Reason.MISSING_USER_AGENT)],
)
def test_an_unsent_duplicate_is_completed_and_sent(accept, purchase, meta_pixel, status, reason) -> None:
    first = accept(purchase)
    if status != SendStatus.PENDING:
        end_sends(status, reason=reason, attempts=4, failures=4)
    again = accept({**purchase, "value": 99, "pii": {"email": "ada@example.com"}, "gclid": "G1"})
    assert (again["conversionId"], again["deduplicated"], again["updatedExisting"]) == (
        first["conversionId"],
        True,
        True,
    )
    assert (again["dispatched"], again["capiStatus"], again["sends"]) == (True, "pending", first["sends"])
    conversion, send = Conversion.objects.get(), Send.objects.get()
    assert (conversion.value, conversion.api_visit_override["gclid"]) == (99, "G1")
    assert "email" in conversion.pii
    assert (send.status, send.failures if status != SendStatus.PENDING else 0) == (SendStatus.PENDING, 0)


def test_an_update_forgets_nothing_that_was_known(accept, purchase, meta_pixel) -> None:
    accept({**purchase, "pii": {"email": "ada@example.com"}, "contentName": "VIP"})
    accept({name: value for name, value in purchase.items() if name not in ("fbc", "fbp")})
    conversion = Conversion.objects.get()
    assert conversion.api_visit_override["fbc"] == purchase["fbc"]
    assert ("email" in conversion.pii, conversion.content_name) == (True, "VIP")


def test_an_update_reaches_a_pixel_that_had_no_signal_before(accept, lead, site, meta_pixel) -> None:
    PixelFactory(site=site, google=True)
    assert [send["platform"] for send in accept(lead)["sends"]] == ["meta"]
    assert {send["platform"] for send in accept({**lead, "gclid": "G1"})["sends"]} == {"meta", "google"}


@pytest.mark.parametrize(
    ("event", "window"),
    [
        ({"eventType": "Lead"}, timedelta(hours=24)),
        ({"eventType": "CompleteRegistration"}, timedelta(hours=24)),
        ({"eventType": "Subscribe"}, timedelta(hours=24)),
        ({"eventType": "Purchase", "value": 5, "currency": "EUR"}, timedelta(minutes=10)),
        ({"eventType": "Custom", "customEventName": "Trial"}, timedelta(minutes=10)),
    ],
)
def test_the_window_depends_on_the_type(accept, lead, event, window) -> None:
    now = timezone.now()
    first = accept({**lead, **event})["conversionId"]
    with time_machine.travel(now + window - timedelta(seconds=5)):
        assert accept({**lead, **event})["conversionId"] == first
    with time_machine.travel(now + window + timedelta(seconds=5)):
        assert accept({**lead, **event})["conversionId"] != first


def test_the_window_is_the_sites(accept, lead, site) -> None:
    site.duplicate_window_seconds = 60
    site.save()
    first = accept(lead)["conversionId"]
    with time_machine.travel(timezone.now() + timedelta(seconds=70)):
        assert accept(lead)["conversionId"] != first


def test_another_person_channel_type_or_custom_name_is_no_duplicate(accept, lead, site) -> None:
    other = ChannelFactory(site=site)
    custom = {"eventType": "Custom", "customEventName": "A"}
    events = [
        lead,
        {**lead, "telegramUserId": 5},
        {**lead, "channelId": other.pk},
        {**lead, "eventType": "Subscribe"},
        {**lead, **custom},
        {**lead, **custom, "customEventName": "B"},
    ]
    assert len({accept(event)["conversionId"] for event in events}) == len(events)


def test_the_same_order_is_a_duplicate_for_a_week_and_another_never(accept, purchase) -> None:
    now = timezone.now()
    first = accept({**purchase, "orderId": "A"})["conversionId"]
    assert accept({**purchase, "orderId": "B"})["conversionId"] != first
    with time_machine.travel(now + timedelta(days=6, hours=23)):
        assert accept({**purchase, "orderId": "A"})["conversionId"] == first
    with time_machine.travel(now + timedelta(days=7, hours=1)):
        assert accept({**purchase, "orderId": "A"})["conversionId"] != first


def test_with_an_order_on_one_side_only_the_window_decides(accept, purchase) -> None:
    first = accept(purchase)["conversionId"]
    assert accept({**purchase, "orderId": "A"})["conversionId"] == first
    assert accept(purchase)["conversionId"] == first


def test_a_test_event_never_stands_for_a_live_one(accept, lead, account, meta_pixel) -> None:
    _, token = api_keys.create_key(account=account, site=None, name="test", mode=KeyMode.TEST)
    tried = Api(token).post(CONVERSION, lead).json()["conversionId"]
    assert accept(lead)["conversionId"] != tried


@pytest.mark.promise("R3")
@pytest.mark.django_db(transaction=True)
def test_100_identical_requests_at_once_make_one_conversion_and_one_send(
    api_key_token, api_key, site, channel, meta_pixel, settings
) -> None:
    settings.API_RATE_LIMIT_BURST = 1000
    body = {
        "telegramUserId": 5,
        "siteId": site.pk,
        "channelId": channel.pk,
        "eventType": "Lead",
        "fbc": "fb.1.1791990000123.IwAR0",
        "userAgent": "Mozilla/5.0",
    }
    answers = []

    def post() -> None:
        answers.extend(Api(api_key_token).post(CONVERSION, body) for _ in range(10))
        connection.close()

    threads = [threading.Thread(target=post) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer.status_code for answer in answers] == [200] * 100
    told = [json.loads(answer.content) for answer in answers]
    assert len({one["conversionId"] for one in told}) == 1
    assert sum("deduplicated" not in one for one in told) == 1
    assert (Conversion.objects.count(), Send.objects.count()) == (1, 1)


# ------------------------------------------------------------------ the same order over another channel
def test_the_same_order_is_one_purchase_whatever_the_channel(accept, purchase, site, meta_pixel) -> None:
    other = ChannelFactory(site=site)
    first = accept({**purchase, "orderId": "A-1"})
    again = accept({**purchase, "orderId": "A-1", "channelId": other.pk})
    assert (again["conversionId"], again["deduplicated"]) == (first["conversionId"], True)
    assert again["channelId"] == first["channelId"]
    assert Send.objects.count() == 1


def test_a_retry_after_a_join_elsewhere_is_the_same_purchase(accept, api, purchase, site, meta_pixel) -> None:
    """The retry names no channel, and history chooses the one that was joined between the two tries."""
    order = {**purchase, "orderId": "A-1"}
    first = accept(order)
    accept({**purchase, "eventType": "Subscribe", "channelId": ChannelFactory(site=site).pk})
    again = accept({name: value for name, value in order.items() if name != "channelId"})
    assert again["conversionId"] == first["conversionId"]


def test_the_same_order_on_another_channel_of_another_person_is_new(accept, purchase, site) -> None:
    first = accept({**purchase, "orderId": "A-1"})
    other = {**purchase, "orderId": "A-1", "telegramUserId": 5, "channelId": ChannelFactory(site=site).pk}
    assert accept(other)["conversionId"] != first["conversionId"]


def test_without_an_order_the_channel_still_tells_purchases_apart(accept, purchase, site) -> None:
    first = accept(purchase)
    assert accept({**purchase, "channelId": ChannelFactory(site=site).pk})["conversionId"] != first["conversionId"]
