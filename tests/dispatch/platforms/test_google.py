"""Google's adapter, row by row of its tables."""

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from conversions.choices import EventType
from dispatch.choices import Outcome, Reason
from dispatch.platforms.facts import CannotExpress, LandingVisit, OutgoingEvent, Payload
from dispatch.platforms.registry import PLATFORMS
from tests.dispatch.platforms.cases import answer, bare, document_of, full, outcomes_of, pixel_of, seconds, verdict_of

GOOGLE = PLATFORMS["google"]
TYPES = "type.googleapis.com/google.rpc."


def rendered(event: OutgoingEvent, **options: Any) -> Payload:
    return GOOGLE.render(event, pixel_of("google", **options))


def error(status: str, *violations: tuple[str, str], info: dict[str, Any] | None = None) -> dict[str, Any]:
    """Google's error: its canonical status, an ErrorInfo, and (field, reason) of each violation."""
    fields = [{"field": field, "description": "Bad.", "reason": reason} for field, reason in violations]
    details: list[dict[str, Any]] = [{"@type": f"{TYPES}RequestInfo", "requestId": "t-1"}]
    details += [{"@type": f"{TYPES}ErrorInfo", "domain": "datamanager.googleapis.com", **info}] if info else []
    details += [{"@type": f"{TYPES}BadRequest", "fieldViolations": fields}] if fields else []
    return {"error": {"code": 400, "message": "No.", "status": status, "details": details}}


def test_a_purchase_in_googles_words() -> None:
    assert rendered(full()) == {
        "destinationReferences": ["700001"],
        "eventTimestamp": "2026-10-12T09:30:00Z",
        "transactionId": "cnv_01JA",
        "eventSource": "WEB",
        "conversionValue": 49.9,
        "currency": "USD",
        "adIdentifiers": {"gclid": "Cj0KCQ", "gbraid": "GB"},
        "userData": {"userIdentifiers": [{"emailAddress": "0" * 64}, {"phoneNumber": "1" * 64}]},
        "eventDeviceInfo": {"userAgent": "Mozilla/5.0"},
    }


LANDED = LandingVisit(
    at=datetime(2026, 10, 1, tzinfo=UTC),
    url="https://shop.example/vip?gad_source=1&gad_campaignid=22&utm_source=google",
    referrer="https://www.example.com/",
    client_ip="203.0.113.9",
    user_agent="Mozilla/5.0 (landing)",
    country="BR",
)


def landed(**changes: Any) -> OutgoingEvent:
    """An event of a tracked visit, which tells no address or user agent of its own."""
    visit = replace(LANDED, **changes)
    return full(visit=visit, client_ip=visit.client_ip, user_agent=visit.user_agent)


def test_the_visits_device_is_the_landing_pages() -> None:
    payload = rendered(landed())
    assert payload["adIdentifiers"]["landingPageDeviceInfo"] == {
        "userAgent": "Mozilla/5.0 (landing)",
        "ipAddress": "203.0.113.9",
    }
    assert "eventDeviceInfo" not in payload


def test_the_requests_device_is_the_events() -> None:
    payload = rendered(full(visit=LANDED, client_ip="203.0.113.77", user_agent="Mozilla/5.0 (later)"))
    assert payload["eventDeviceInfo"] == {"userAgent": "Mozilla/5.0 (later)", "ipAddress": "203.0.113.77"}


@pytest.mark.parametrize(
    ("country", "wish", "is_sent"),
    [
        ("BR", None, True),
        ("br", "known_outside_eea", True),
        ("BR", "always", True),
        ("BR", "never", False),
        ("DE", None, False),
        ("de", "always", False),
        ("Germany", "always", False),
        ("GB", "always", False),
        ("CH", "always", False),
        ("NO", "always", False),
        ("", None, False),
        ("", "always", True),
        ("Somewhere", None, False),
        ("XX", None, False),
        ("XX", "always", True),
        ("RE", "always", False),
        ("EU", "always", False),
    ],
)
def test_an_address_goes_by_the_visits_country(country: str, wish: str | None, is_sent: bool) -> None:
    device = rendered(landed(country=country), ipAddress=wish)["adIdentifiers"]["landingPageDeviceInfo"]
    assert ("ipAddress" in device) is is_sent
    assert device["userAgent"] == "Mozilla/5.0 (landing)"


def test_a_request_without_visit_has_no_known_country() -> None:
    assert "ipAddress" not in rendered(full())["eventDeviceInfo"]
    assert rendered(full(), ipAddress="always")["eventDeviceInfo"]["ipAddress"] == "2001:db8::1"


def test_without_a_click_id_the_session_is_told() -> None:
    event = replace(landed(), gclid="", gbraid="", wbraid="")
    encoded = rendered(event)["adIdentifiers"]["sessionAttributes"]
    assert "=" not in encoded
    assert json.loads(base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))) == {
        "gad_source": "1",
        "gad_campaignid": "22",
        "session_start_time_usec": "1790812800000000",
        "landing_page_url": LANDED.url,
        "landing_page_referrer": LANDED.referrer,
        "landing_page_user_agent": LANDED.user_agent,
    }


def test_with_a_click_id_the_session_is_not_told() -> None:
    assert "sessionAttributes" not in rendered(landed())["adIdentifiers"]


def test_session_attributes_stay_within_4000_characters() -> None:
    visit = replace(LANDED, url="https://shop.example/" + "a" * 2000, referrer="https://r.example/" + "b" * 2000)
    event = replace(full(visit=visit), gclid="", gbraid="", wbraid="")
    encoded = rendered(event)["adIdentifiers"]["sessionAttributes"]
    assert len(encoded) <= 4000
    told = json.loads(base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)))
    assert told["landing_page_url"] == visit.url
    assert "landing_page_referrer" not in told


def test_gbraid_and_wbraid_never_go_together() -> None:
    assert rendered(full(gclid="", wbraid=""))["adIdentifiers"] == {"gbraid": "GB"}
    assert rendered(full(gclid="", gbraid=""))["adIdentifiers"] == {"wbraid": "WB"}


def test_the_request_says_where_each_conversion_action_lies() -> None:
    events = [rendered(full()), rendered(full(event_type=EventType.LEAD)), rendered(full())]
    document = document_of("google", *events, pixel=pixel_of("google", loginAccount="987-654-3210"))
    account = {"accountType": "GOOGLE_ADS", "accountId": "1234567890"}
    login = {"accountType": "GOOGLE_ADS", "accountId": "9876543210"}
    assert document == {
        "destinations": [
            {"reference": id, "operatingAccount": account, "loginAccount": login, "productDestinationId": id}
            for id in ("700001", "700000")
        ],
        "encoding": "HEX",
        "validateOnly": False,
        "events": events,
    }
    request = GOOGLE.request(pixel_of("google"), "ya29", events)
    assert request.url == "http://127.0.0.1:1/v1/events:ingest"
    assert request.headers["Authorization"] == "Bearer ya29"
    assert b"loginAccount" not in request.body


def test_a_test_is_validated_only() -> None:
    assert document_of("google", rendered(full()), pixel=pixel_of("google"), test=True)["validateOnly"] is True
    assert GOOGLE.takes_tests(pixel_of("google"))


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (bare(gclid="g"), True),
        (bare(gbraid="g"), True),
        (bare(wbraid="w"), True),
        (bare(email_google="0" * 64), True),
        (bare(phone_e164="1" * 64), True),
        (bare(client_ip="192.0.2.1", user_agent="Mozilla/5.0"), False),
        (bare(fbc="f", ttclid="t", sccid="s", external_id="b" * 64), False),
    ],
)
def test_what_google_can_attribute_by(event: OutgoingEvent, expected: bool) -> None:
    assert GOOGLE.has_signal(event) is expected


def test_without_click_id_and_contact_the_event_is_skipped() -> None:
    with pytest.raises(CannotExpress) as caught:
        rendered(bare(client_ip="192.0.2.1", user_agent="Mozilla/5.0"))
    assert caught.value.reason == Reason.MISSING_GCLID


@pytest.mark.parametrize(
    ("kind", "custom", "actions", "expected"),
    [
        (EventType.LEAD, "", {"Lead": "77"}, "77"),
        (EventType.LEAD, "", {"Lead": 77}, "77"),
        (EventType.LEAD, "", {"Lead": "customers/1/conversionActions/77"}, "77"),
        (EventType.CUSTOM, "Joined VIP", {"Joined VIP": "78", "Custom": "79"}, "78"),
        (EventType.CUSTOM, "Left VIP", {"Joined VIP": "78", "Custom": "79"}, "79"),
    ],
)
def test_the_conversion_action_is_the_event_type(
    kind: EventType, custom: str, actions: dict[str, Any], expected: str
) -> None:
    payload = rendered(full(event_type=kind, custom_name=custom), conversionActions=actions)
    assert payload["destinationReferences"] == [expected]


@pytest.mark.parametrize("actions", [{}, None, {"Purchase": "77"}, {"Lead": ""}, "77"])
def test_a_type_without_conversion_action_is_skipped(actions: Any) -> None:
    with pytest.raises(CannotExpress) as caught:
        rendered(full(event_type=EventType.LEAD), conversionActions=actions)
    assert caught.value.reason == Reason.NO_CONVERSION_ACTION


@pytest.mark.parametrize(
    ("consent", "expected"),
    [
        (
            {"adUserData": "granted", "adPersonalization": "denied"},
            {"adUserData": "CONSENT_GRANTED", "adPersonalization": "CONSENT_DENIED"},
        ),
        ({"adUserData": "granted"}, {"adUserData": "CONSENT_GRANTED"}),
        ({"adUserData": "perhaps", "adPersonalization": True}, None),
        (None, None),
        ("granted", None),
    ],
)
def test_consent_is_what_the_pixel_says_and_never_invented(consent: Any, expected: Any) -> None:
    assert document_of("google", pixel=pixel_of("google", consent=consent)).get("consent") == expected


# ------------------------------------------------------------------ answers
def test_the_request_id_of_a_success_is_kept_with_its_warnings() -> None:
    warning = {"reason": "R", "description": "Odd.", "field": "events[0].currency"}
    verdict = verdict_of("google", 200, {"requestId": "126365e1", "fieldWarnings": [warning]})
    assert (verdict.outcome, verdict.trace_id) == (Outcome.ACCEPTED, "126365e1")
    assert verdict.message == "events[0].currency: Odd."


@pytest.mark.parametrize("request_id", ["", None, 7, []])
def test_a_200_without_request_id_is_ambiguous(request_id: Any) -> None:
    assert verdict_of("google", 200, {"requestId": request_id}).outcome == Outcome.AMBIGUOUS


DESTINATION = [
    "DESTINATION_ACCOUNT_NOT_ENABLED_ENHANCED_CONVERSIONS_FOR_LEADS",
    "DESTINATION_ACCOUNT_ENHANCED_CONVERSIONS_TERMS_NOT_SIGNED",
    "NOT_ALLOWLISTED",
    "EU_POLITICAL_ADVERTISING_DECLARATION_REQUIRED",
    "INVALID_CONVERSION_ACTION_ID",
    "INVALID_CONVERSION_ACTION_TYPE",
    "EVENT_SOURCE_AND_DESTINATION_MISMATCH",
    "DESTINATION_ACCOUNT_DATA_POLICY_PROHIBITS_ENHANCED_CONVERSIONS",
    "TERMS_AND_CONDITIONS_NOT_SIGNED",
    "OPERATING_ACCOUNT_LOGIN_ACCOUNT_MISMATCH",
    "DESTINATION_ACCOUNT_TYPE_MISMATCH",
    "MISMATCHED_ACCOUNT_TYPE",
    "INVALID_DESTINATION",
]
EVENT = ["NO_IDENTIFIERS_PROVIDED", "EVENT_TIME_INVALID", "INVALID_CURRENCY_CODE", "INVALID_SHA256_FORMAT"]
ROWS = [
    *[(400, error("INVALID_ARGUMENT", info={"reason": reason}), Outcome.AUTH, reason) for reason in DESTINATION],
    *[(400, error("INVALID_ARGUMENT", info={"reason": reason}), Outcome.REJECTED, reason) for reason in EVENT],
    (
        400,
        error("INVALID_ARGUMENT", ("destinations.destinations[0].operating_account", "INVALID_NUMBER_FORMAT")),
        Outcome.AUTH,
        "INVALID_NUMBER_FORMAT",
    ),
    (400, error("INVALID_ARGUMENT"), Outcome.REJECTED, "INVALID_ARGUMENT"),
    (401, error("UNAUTHENTICATED", info={"reason": "CREDENTIALS_MISSING"}), Outcome.AUTH, "CREDENTIALS_MISSING"),
    (403, error("PERMISSION_DENIED", info={"reason": "SERVICE_DISABLED"}), Outcome.AUTH, "SERVICE_DISABLED"),
    (404, error("NOT_FOUND"), Outcome.AUTH, "NOT_FOUND"),
    (409, error("ABORTED"), Outcome.RETRY, "ABORTED"),
    (429, error("RESOURCE_EXHAUSTED"), Outcome.RETRY, "RESOURCE_EXHAUSTED"),
    (500, error("INTERNAL"), Outcome.AMBIGUOUS, "INTERNAL"),
    (500, error("UNKNOWN"), Outcome.AMBIGUOUS, "UNKNOWN"),
    (503, error("UNAVAILABLE"), Outcome.RETRY, "UNAVAILABLE"),
    (504, error("DEADLINE_EXCEEDED"), Outcome.AMBIGUOUS, "DEADLINE_EXCEEDED"),
    # no status of Google's own: HTTP decides
    # not Google's words, so it came from something in between
    *[(status, b"<html>", Outcome.RETRY, f"http_{status}") for status in (400, 401, 403, 404)],
    *[(status, {}, Outcome.AUTH, f"http_{status}") for status in (401, 403, 404)],
    (409, b"", Outcome.RETRY, "http_409"),
    (403, error("BRAND_NEW"), Outcome.AUTH, "BRAND_NEW"),
    (503, error("BRAND_NEW"), Outcome.AMBIGUOUS, "http_503"),
]


@pytest.mark.promise("R8")
@pytest.mark.parametrize(("status", "body", "expected", "code"), ROWS)
def test_googles_status_and_reason_decide(status: int, body: Any, expected: Outcome, code: str) -> None:
    verdict = verdict_of("google", status, body)
    assert (verdict.outcome, verdict.code) == (expected, code)


@pytest.mark.parametrize(
    ("limit", "expected"),
    [("IngestionRequestsPerMinutePerProject", 60), ("IngestionRequestsPerDayPerProject", 6 * 3600), (None, 60)],
)
def test_a_used_up_quota_says_how_long_to_wait(limit: str | None, expected: int) -> None:
    body = error("RESOURCE_EXHAUSTED", info={"reason": "RATE_LIMIT_EXCEEDED", "metadata": {"quota_limit": limit}})
    assert verdict_of("google", 429, body, retry_after=seconds(5)).wait == seconds(expected)


def test_the_named_events_are_refused_and_their_neighbours_go_out() -> None:
    body = error(
        "INVALID_ARGUMENT",
        ("events.events[0].user_data.user_identifiers[1]", "INVALID_SHA256_FORMAT"),
        ("events.events[2].currency", "INVALID_CURRENCY_CODE"),
    )
    expected = [Outcome.REJECTED, Outcome.UNTOUCHED, Outcome.REJECTED]
    assert outcomes_of("google", 400, body, count=3) == expected


def test_a_refusal_that_names_nobody_is_split() -> None:
    verdicts = GOOGLE.read(answer(400, error("INVALID_ARGUMENT", ("encoding", "REQUIRED"))), 2)
    assert [(verdict.outcome, verdict.whole_batch) for verdict in verdicts] == [(Outcome.REJECTED, True)] * 2
    assert (verdicts[0].message, verdicts[0].trace_id) == ("encoding: Bad.", "t-1")
