"""The lists of the API: every filter, the pages, the limits of a key."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from adtarget.core.times import milliseconds
from conversions.models import Conversion
from dispatch.models import Send
from leads import api_keys
from leads.choices import KeyMode
from tests.conftest import Api
from tests.factories import ChannelFactory, ConversionFactory, PixelFactory, SendFactory, SiteFactory

pytestmark = pytest.mark.django_db
NOW = timezone.now()


def ids(api: Api, **query: Any) -> list[str]:
    response = api.get("/api/v1/conversions", query)
    assert response.status_code == 200, response.content
    return [row["conversionId"] for row in response.json()["conversions"]]


@pytest.fixture
def other(site: Any, channel: Any) -> Conversion:
    """A conversion that no filter of these tests means."""
    return ConversionFactory(site=site, channel=channel, event_type="Lead", attributed_at=NOW - timedelta(days=9))


@pytest.fixture
def wanted(account: Any, other: Conversion) -> Conversion:
    """The conversion that every filter of these tests means, on a site of its own."""
    site = SiteFactory(account=account)
    channel = ChannelFactory(site=site, telegram_channel_id=-1001234567890)
    conversion = ConversionFactory(
        site=site,
        channel=channel,
        event_type="Purchase",
        value="49.90",
        currency="EUR",
        order_id="A-17",
        external_user_id="customer-7",
        attributed_at=NOW - timedelta(days=1),
    )
    SendFactory(failed=True, conversion=conversion, pixel=PixelFactory(site=site, platform="tiktok"), reason="rejected")
    return conversion


FILTERS = {
    "siteId": lambda row: row.site_id,
    "channelId": lambda row: row.channel_id,
    "telegramUserId": lambda row: row.telegram_user_id,
    "externalUserId": lambda row: row.external_user_id,
    "orderId": lambda row: row.order_id,
    "eventType": lambda row: row.event_type,
    "capiStatus": lambda row: "failed",
    "platform": lambda row: "tiktok",
    "sendStatus": lambda row: "failed",
    "reason": lambda row: "rejected",
    "since": lambda row: milliseconds(NOW - timedelta(days=2)),
}


@pytest.mark.parametrize("name", FILTERS)
def test_each_filter_finds_what_it_names(api: Api, wanted: Conversion, name: str) -> None:
    assert ids(api, **{name: FILTERS[name](wanted)}) == [wanted.pk]


def test_until_leaves_out_what_came_later(api: Api, wanted: Conversion, other: Conversion) -> None:
    assert ids(api, until=milliseconds(NOW - timedelta(days=2))) == [other.pk]


def test_a_telegram_channel_id_finds_its_channel(api: Api, wanted: Conversion) -> None:
    assert ids(api, channelId="-1001234567890") == [wanted.pk]


def test_the_newest_come_first(api: Api, wanted: Conversion, other: Conversion) -> None:
    assert ids(api) == [wanted.pk, other.pk]


def test_platform_and_state_speak_of_one_send(api: Api, wanted: Conversion) -> None:
    SendFactory(sent=True, conversion=wanted, pixel=PixelFactory(site=wanted.site, platform="meta"))
    assert ids(api, platform="meta", sendStatus="failed") == []


def test_pages_hold_each_row_once(api: Api, site: Any, channel: Any) -> None:
    same = NOW - timedelta(hours=1)
    made = {ConversionFactory(site=site, channel=channel, attributed_at=same).pk for _ in range(5)}
    seen: list[str] = []
    cursor = ""
    while cursor is not None:
        page = api.get("/api/v1/conversions", {"limit": 2, "cursor": cursor}).json()
        seen += [row["conversionId"] for row in page["conversions"]]
        cursor = page.get("nextCursor")
    assert sorted(seen) == sorted(made)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"orderid": "A-17"}, "There is no filter 'orderid'"),
        ({"limit": "0"}, "limit"),
        ({"limit": "101"}, "limit"),
        ({"cursor": "abc"}, "nextCursor"),
        ({"cursor": "OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5Ong="}, "nextCursor"),
        ({"since": "yesterday"}, "Unix milliseconds"),
        ({"eventType": "Sale"}, "eventType"),
        ({"orderId": "A\0"}, "NUL"),
        ({"siteId": ["a", "b"]}, "twice"),
    ],
)
def test_a_wrong_query_is_refused_with_its_reason(api: Api, query: dict[str, Any], message: str) -> None:
    response = api.get("/api/v1/conversions", query)
    assert (response.status_code, message in response.json()["error"]["message"]) == (400, True), response.content


@pytest.mark.promise("S1")
@pytest.mark.parametrize("path", ["/api/v1/conversions", "/api/v1/sends", "/api/v1/sites", "/api/v1/pixels"])
def test_a_stranger_sees_nothing_of_ours(stranger_api: Api, wanted: Conversion, path: str) -> None:
    response = stranger_api.get(path)
    (rows,) = (value for value in response.json().values() if isinstance(value, list))
    assert rows == []


def test_a_key_of_one_site_sees_that_site_only(account: Any, wanted: Conversion, other: Conversion) -> None:
    limited = Api(api_keys.create_key(account=account, site=other.site, name="limited")[1])
    assert ids(limited) == [other.pk]


def test_a_test_key_sees_tests_only(account: Any, wanted: Conversion, other: Conversion) -> None:
    test = ConversionFactory(site=other.site, channel=other.channel, is_test=True)
    token = api_keys.create_key(account=account, site=None, name="tests", mode=KeyMode.TEST)[1]
    assert ids(Api(token)) == [test.pk]


def test_a_page_takes_the_same_queries_whatever_its_length(
    api: Api, site: Any, channel: Any, django_assert_num_queries: Any
) -> None:
    for _ in range(20):
        SendFactory(sent=True, conversion=ConversionFactory(site=site, channel=channel), pixel__site=site)
    api.get("/api/v1/conversions", {"limit": 1})
    with django_assert_num_queries(4):  # key, conversions, sends, pixels
        assert len(ids(api, limit=20)) == 20


# ------------------------------------------------------------------ sends
@pytest.mark.parametrize(
    ("name", "value"), [("platform", "tiktok"), ("status", "failed"), ("reason", "rejected"), ("siteId", None)]
)
def test_each_filter_of_sends_finds_what_it_names(api: Api, wanted: Conversion, name: str, value: str | None) -> None:
    send = Send.objects.get()
    SendFactory(sent=True, conversion__site__account=wanted.account, conversion__account=wanted.account)
    rows = api.get("/api/v1/sends", {name: value or wanted.site_id}).json()["sends"]
    assert [row["sendId"] for row in rows] == [send.pk]


def test_a_listed_send_names_its_conversion(api: Api, wanted: Conversion) -> None:
    assert api.get("/api/v1/sends").json()["sends"][0]["conversionId"] == wanted.pk


# ------------------------------------------------------------------ retry
def test_a_failed_send_is_tried_again(api: Api, wanted: Conversion) -> None:
    send = Send.objects.get()
    response = api.post(f"/api/v1/sends/{send.pk}/retry", {})
    send.refresh_from_db()
    assert (response.json(), send.status) == ({"success": True}, "pending")


def test_a_sent_one_is_not_tried_again(api: Api, site: Any, channel: Any) -> None:
    send = SendFactory(sent=True, conversion=ConversionFactory(site=site, channel=channel), pixel__site=site)
    response = api.post(f"/api/v1/sends/{send.pk}/retry", {})
    assert (response.status_code, "This send is sent" in response.json()["error"]["message"]) == (400, True)


def test_a_strangers_send_is_not_found(stranger_api: Api, wanted: Conversion) -> None:
    assert stranger_api.post(f"/api/v1/sends/{Send.objects.get().pk}/retry", {}).status_code == 404


# ------------------------------------------------------------------ account
def test_me_describes_the_key(api: Api, account: Any) -> None:
    answer = api.get("/api/v1/me").json()
    assert {name: answer[name] for name in ("accountId", "mode", "rateLimit")} == {
        "accountId": account.pk,
        "mode": "live",
        "rateLimit": {"perMinute": 300, "burst": 50},
    }


def test_sites_are_listed_with_both_ids(api: Api, site: Any) -> None:
    (row,) = api.get("/api/v1/sites").json()["sites"]
    assert (row["siteId"], row["websiteId"], row["paused"]) == (site.pk, site.website_id, False)


def test_a_paused_pixel_says_why(api: Api, meta_pixel: Any) -> None:
    meta_pixel.paused_at, meta_pixel.pause_code, meta_pixel.pause_message = NOW, "190", "Expired."
    meta_pixel.save()
    (row,) = api.get("/api/v1/pixels").json()["pixels"]
    assert row["paused"] == {"since": milliseconds(NOW), "code": "190", "message": "Expired."}


def test_pixels_show_no_secret(api: Api, meta_pixel: Any) -> None:
    (row,) = api.get("/api/v1/pixels").json()["pixels"]
    assert set(row) == {"id", "siteId", "platform", "pixelId", "active"}


# ------------------------------------------------------------------ retry by filter
@pytest.fixture
def failed(site: Any, channel: Any, meta_pixel: Any) -> list[Send]:
    rows = [ConversionFactory(site=site, channel=channel) for _ in range(3)]
    return [SendFactory(failed=True, conversion=row, pixel=meta_pixel, reason="rejected") for row in rows]


def retry(api: Api, **wanted: Any) -> Any:
    return api.post("/api/v1/sends/retry", wanted).json()


def test_all_that_match_are_tried_again(api: Api, failed: list[Send]) -> None:
    assert retry(api, platform="meta", reason="rejected") == {"retried": 3, "refused": [], "more": False}
    assert set(Send.objects.values_list("status", flat=True)) == {"pending"}


@pytest.mark.parametrize("other", [{"platform": "tiktok"}, {"status": "skipped"}, {"reason": "expired"}, {"until": 1}])
def test_what_does_not_match_stays(api: Api, failed: list[Send], other: dict[str, Any]) -> None:
    if "until" in other:
        other = {"until": milliseconds(NOW - timedelta(days=3))}
    assert retry(api, **other)["retried"] == 0


def test_what_cannot_be_repeated_is_counted_by_its_reason(api: Api, failed: list[Send], meta_pixel: Any) -> None:
    meta_pixel.is_active = False
    meta_pixel.save()
    assert retry(api)["refused"] == [{"message": "Its pixel is switched off.", "sends": 3}]


def test_one_call_takes_so_many(api: Api, failed: list[Send], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dispatch.views.MOST_RETRIED", 2)
    answer = retry(api)
    assert (answer["retried"], answer["more"]) == (2, True)


@pytest.mark.promise("S1")
def test_a_stranger_retries_nothing_of_ours(stranger_api: Api, failed: list[Send]) -> None:
    assert retry(stranger_api)["retried"] == 0
