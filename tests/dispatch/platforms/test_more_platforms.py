"""Reddit, Microsoft, ChatGPT Ads, Pinterest and Yandex Metrica: what each gets, and what its answers mean."""

import json
from decimal import Decimal
from typing import Any

import pytest

from conversions.choices import EventType
from conversions.hashing import sha256
from dispatch.choices import Outcome, Reason
from dispatch.platforms.facts import CannotExpress, OutgoingEvent
from dispatch.platforms.registry import PLATFORMS
from tests.dispatch.platforms.cases import OCCURRED_AT, answer, bare, full, pixel_of

NEW = ["reddit", "microsoft", "chatgpt", "pinterest", "yandex"]
MORE = {"rdt_cid": "R-1", "msclkid": "M-1", "oppref": "O-1", "epik": "E-1", "yclid": "123", "ym_uid": "456"}
SECONDS = int(OCCURRED_AT.timestamp())
PAGE = "https://shop.example/join?x=1"
E, D, P, B, F, L = "e" * 64, "d" * 64, "1" * 64, "b" * 64, "f" * 64, "a" * 64

PAYLOADS: dict[str, dict[str, Any]] = {
    "reddit": {
        "event_at": SECONDS * 1000 + 900,
        "action_source": "WEBSITE",
        "type": {"tracking_type": "PURCHASE"},
        "click_id": "R-1",
        "user": {
            "email": E,
            "phone_number": P,
            "external_id": B,
            "ip_address": sha256("2001:db8::1"),
            "user_agent": "Mozilla/5.0",
        },
        "metadata": {"conversion_id": "cnv_01JA", "value": 49.9, "currency": "USD", "item_count": 1},
    },
    "microsoft": {
        "eventType": "custom",
        "eventName": "purchase",
        "eventId": "cnv_01JA",
        "eventTime": SECONDS,
        "eventSourceUrl": PAGE,
        "adStorageConsent": "G",
        "userData": {
            "msclkid": "M-1",
            "em": E,
            "ph": P,
            "externalId": B,
            "clientIpAddress": "2001:db8::1",
            "clientUserAgent": "Mozilla/5.0",
        },
        "customData": {"value": 49.9, "currency": "USD", "transactionId": "A-17"},
    },
    "chatgpt": {
        "id": "cnv_01JA",
        "type": "order_created",
        "timestamp_ms": SECONDS * 1000 + 900,
        "oppref": "O-1",
        "source_url": PAGE,
        "action_source": "web",
        "user": {"email_sha256": E},
        "data": {"type": "contents", "amount": 4990, "currency": "USD"},
    },
    "pinterest": {
        "event_name": "checkout",
        "action_source": "web",
        "event_time": SECONDS,
        "event_id": "cnv_01JA",
        "event_source_url": PAGE,
        "user_data": {
            "em": [E],
            "ph": [D],
            "fn": [F],
            "ln": [L],
            "external_id": [B],
            "click_id": "E-1",
            "client_ip_address": "2001:db8::1",
            "client_user_agent": "Mozilla/5.0",
        },
        "custom_data": {"currency": "USD", "value": "49.9", "order_id": "A-17"},
    },
    "yandex": {"Yclid": "123", "Target": "purchase", "DateTime": SECONDS, "Price": 49.9, "Currency": "USD"},
}
ADDRESSES = {
    "reddit": "/api/v3/pixels/P%2F1/conversion_events",
    "microsoft": "/v1/P%2F1/events",
    "chatgpt": "/v1/events?pid=P%2F1",
    "pinterest": "/v5/ad_accounts/P%2F1/events?test=false",
    "yandex": "/management/v1/counter/P%2F1/offline_conversions/upload?client_id_type=YCLID",
}


def event(**changes: Any) -> OutgoingEvent:
    return full(more_ids=MORE, **changes)


def request(slug: str, *payloads: Any, test: bool = False, code: str = "", **options: Any) -> Any:
    return PLATFORMS[slug].request(pixel_of(slug, test_event_code=code, **options), "token", payloads, test=test)


# ------------------------------------------------------------------ what each gets
@pytest.mark.parametrize("slug", NEW)
def test_a_full_event_is_said_in_its_words(slug: str) -> None:
    assert PLATFORMS[slug].render(event(), pixel_of(slug)) == PAYLOADS[slug]


@pytest.mark.parametrize("slug", NEW)
def test_it_goes_to_its_address(slug: str) -> None:
    sent = request(slug, PAYLOADS[slug])
    assert sent.url == f"http://127.0.0.1:1{ADDRESSES[slug]}"
    assert sent.headers["Authorization"] == ("OAuth token" if slug == "yandex" else "Bearer token")


@pytest.mark.parametrize(
    ("slug", "expected"),
    [
        ("reddit", {"data": {"events": ["a", "b"]}}),
        ("microsoft", {"data": ["a", "b"], "continueOnValidationError": True}),
        ("chatgpt", {"validate_only": False, "events": ["a", "b"]}),
        ("pinterest", {"data": ["a", "b"]}),
    ],
)
def test_events_stand_in_its_document(slug: str, expected: Any) -> None:
    assert json.loads(request(slug, "a", "b").body) == expected


def test_yandex_gets_a_file() -> None:
    rows = [{"Yclid": "1", "Target": 'a,"b"', "DateTime": 5}, PAYLOADS["yandex"]]
    body = request("yandex", *rows).body.decode()
    assert 'name="file"; filename="conversions.csv"' in body
    assert (
        f'\r\n\r\nYclid,Target,DateTime,Price,Currency\n1,"a,""b""",5,,\n123,purchase,{SECONDS},49.9,USD\n\r\n--'
        in body
    )


def test_yandex_finds_visits_by_its_cookie_where_asked() -> None:
    pixel = pixel_of("yandex", clientIdType="CLIENT_ID")
    assert PLATFORMS["yandex"].render(event(), pixel)["ClientId"] == "456"
    assert "client_id_type=CLIENT_ID" in request("yandex", {}, clientIdType="CLIENT_ID").url
    assert not PLATFORMS["yandex"].wants(full(more_ids={"yclid": "1"}), pixel)


@pytest.mark.parametrize(
    ("slug", "lead", "registration", "subscription"),
    [
        ("reddit", ("type", {"tracking_type": "LEAD"}), {"tracking_type": "SIGN_UP"},
         {"tracking_type": "CUSTOM", "custom_event_name": "Subscribe"}),
        ("microsoft", ("eventName", "lead"), "signup", "subscribe"),
        ("chatgpt", ("type", "lead_created"), "registration_completed", "subscription_created"),
        ("pinterest", ("event_name", "lead"), "signup", "signup"),
        ("yandex", ("Target", "lead"), "registration", "subscribe"),
    ],
)  # fmt: skip
def test_each_type_has_its_name(slug: str, lead: Any, registration: Any, subscription: Any) -> None:
    field, expected = lead
    kinds = (EventType.LEAD, EventType.COMPLETE_REGISTRATION, EventType.SUBSCRIBE)
    found = [PLATFORMS[slug].render(event(event_type=kind), pixel_of(slug))[field] for kind in kinds]
    assert found == [expected, registration, subscription]


@pytest.mark.parametrize(
    ("slug", "expected"),
    [
        ("reddit", {"type": {"tracking_type": "CUSTOM", "custom_event_name": "vip"}}),
        ("chatgpt", {"type": "custom", "custom_event_name": "vip"}),
        ("microsoft", {"eventName": "vip"}),
        ("yandex", {"Target": "vip"}),
        ("pinterest", {"event_name": "custom"}),
    ],
)
def test_a_custom_event_has_its_place(slug: str, expected: Any) -> None:
    custom = PLATFORMS[slug].render(event(event_type=EventType.CUSTOM, custom_name="vip"), pixel_of(slug))
    assert expected.items() <= custom.items()


@pytest.mark.parametrize(
    ("currency", "value", "minor"), [("USD", "49.9", 4990), ("JPY", "1200", 1200), ("KWD", "1.5", 1500)]
)
def test_chatgpt_gets_minor_units(currency: str, value: str, minor: int) -> None:
    priced = PLATFORMS["chatgpt"].render(event(value=Decimal(value), currency=currency), pixel_of("chatgpt"))
    assert priced["data"]["amount"] == minor


def test_microsoft_hears_of_a_refusal() -> None:
    assert PLATFORMS["microsoft"].render(event(limited_data_use=True), pixel_of("microsoft"))["adStorageConsent"] == "D"


def test_pinterest_gets_no_event_with_a_click_alone() -> None:
    with pytest.raises(CannotExpress) as refused:
        PLATFORMS["pinterest"].render(bare(more_ids={"epik": "E"}), pixel_of("pinterest"))
    assert refused.value.reason == Reason.MISSING_IDENTIFIER


# ------------------------------------------------------------------ tests
@pytest.mark.parametrize(
    ("slug", "code", "options", "takes"),
    [
        ("reddit", "", {}, False),
        ("reddit", "t2_x", {}, True),
        ("chatgpt", "", {}, True),
        ("pinterest", "", {}, True),
        ("microsoft", "", {}, False),
        ("microsoft", "", {"testPixel": True}, True),
        ("yandex", "", {}, False),
        ("yandex", "", {"testPixel": True}, True),
    ],
)
def test_tests_are_taken_where_they_do_no_harm(slug: str, code: str, options: Any, takes: bool) -> None:
    assert PLATFORMS[slug].takes_tests(pixel_of(slug, test_event_code=code, **options)) == takes


def test_tests_go_where_they_do_not_count() -> None:
    assert json.loads(request("reddit", {}, test=True, code="t2_x").body)["data"]["test_id"] == "t2_x"
    assert json.loads(request("chatgpt", {}, test=True).body)["validate_only"] is True
    assert request("pinterest", {}, test=True).url.endswith("?test=true")


# ------------------------------------------------------------------ answers
def read(slug: str, status: int, body: Any, count: int = 2) -> list[tuple[Outcome, str]]:
    verdicts = PLATFORMS[slug].read(answer(status, body), count)
    return [(verdict.outcome, verdict.code) for verdict in verdicts]


OK = (Outcome.ACCEPTED, "")


@pytest.mark.parametrize(
    ("slug", "body"),
    [
        ("reddit", {"data": {"message": "Successfully processed 2 conversion events."}}),
        ("microsoft", {"eventsReceived": 2}),
        ("chatgpt", {"success": True}),
        ("pinterest", {"num_events_received": 2, "num_events_processed": 2, "events": [{"status": "processed"}] * 2}),
        ("yandex", {"uploading": {"id": 7, "source_quantity": 2, "status": "UPLOADED"}}),
    ],
)
def test_a_proven_success_is_one(slug: str, body: Any) -> None:
    assert read(slug, 200, body) == [OK, OK]
    if slug != "chatgpt":  # its answer counts nothing
        assert OK not in read(slug, 200, body, count=3)


@pytest.mark.parametrize("slug", NEW)
@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (400, (Outcome.REJECTED, "http_400")),
        (401, (Outcome.AUTH, "http_401")),
        (403, (Outcome.AUTH, "http_403")),
        (404, (Outcome.AUTH, "http_404")),
        (422, (Outcome.REJECTED, "http_422")),
        (429, (Outcome.RETRY, "http_429")),
        (500, (Outcome.AMBIGUOUS, "http_500")),
        (503, (Outcome.AMBIGUOUS, "http_503")),
    ],
)
def test_a_refusal_means_what_its_status_says(slug: str, status: int, expected: Any) -> None:
    assert read(slug, status, {"message": "No.", "error": {"message": "No."}}, count=1) == [expected]


@pytest.mark.parametrize("slug", NEW)
def test_a_refused_batch_is_split(slug: str) -> None:
    verdicts = PLATFORMS[slug].read(answer(400, {"message": "No.", "error": {"message": "No."}}), 3)
    assert all(verdict.whole_batch and verdict.message == "No." for verdict in verdicts)


def test_microsoft_names_the_bad_event() -> None:
    details = [
        {"index": 1, "propertyName": "em", "errorMessage": "bad"},
        {"index": 0, "isWarning": True, "errorMessage": "hm"},
    ]
    assert read("microsoft", 200, {"eventsReceived": 1, "error": {"details": details}}) == [
        OK,
        (Outcome.REJECTED, "invalid"),
    ]
    named = read("microsoft", 400, {"error": {"message": "No.", "details": details}})
    assert [outcome for outcome, _ in named] == [Outcome.UNTOUCHED, Outcome.REJECTED]


def test_pinterest_tells_each_event_by_itself() -> None:
    told = [{"status": "processed"}, {"status": "failed", "error_message": "em"}]
    assert read("pinterest", 200, {"events": told}) == [OK, (Outcome.REJECTED, "failed")]
