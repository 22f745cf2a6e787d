"""What a body may hold, and what the framework would do wrong by itself."""

import json
from decimal import Decimal

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conversions.models import Conversion
from dispatch.models import Send
from tests.api.conftest import CONVERSION

pytestmark = pytest.mark.django_db
NOW_MS = int(timezone.now().timestamp() * 1000)
YEAR_MS = 365 * 86400 * 1000


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"telegramUserId": None}, "telegramUserId"),
        ({"telegramUserId": 0}, "telegramUserId"),
        ({"telegramUserId": 2**52}, "telegramUserId"),
        ({"telegramUserId": 2**63}, "telegramUserId"),
        ({"telegramUserId": -5}, "telegramUserId"),
        ({"telegramUserId": 1.5}, "telegramUserId"),
        ({"telegramUserId": True}, "telegramUserId"),
        ({"telegramUserId": "1_000"}, "telegramUserId"),
        ({"telegramUserId": "١٢"}, "telegramUserId"),
        ({"telegramUserId": "1e3"}, "telegramUserId"),
        ({"telegramUserId": [1]}, "telegramUserId"),
        ({"eventType": "lead"}, "eventType"),
        ({"eventType": None}, "eventType"),
        ({"eventType": 1}, "eventType"),
        ({"eventType": ["Lead"]}, "eventType"),
        ({"eventType": "Custom"}, "customEventName"),
        ({"eventType": "Custom", "customEventName": "x" * 41}, "customEventName"),
        ({"eventType": "Custom", "customEventName": ""}, "customEventName"),
        ({"eventType": "Purchase", "value": 1}, "currency"),
        ({"eventType": "Purchase", "currency": "USD"}, "value"),
        ({"value": 1}, "currency"),
        ({"currency": "USD"}, "value"),
        ({"value": 0, "currency": "USD"}, "value"),
        ({"value": -1, "currency": "USD"}, "value"),
        ({"value": 0.00001, "currency": "USD"}, "value"),
        ({"value": 10**12, "currency": "USD"}, "value"),
        ({"value": "49.9", "currency": "USD"}, "value"),
        ({"value": True, "currency": "USD"}, "value"),
        ({"value": [1], "currency": "USD"}, "value"),
        ({"value": 1, "currency": "ZZZ"}, "currency"),
        ({"value": 1, "currency": "DEM"}, "currency"),
        ({"value": 1, "currency": 5}, "currency"),
        ({"orderId": ""}, "orderId"),
        ({"orderId": "x" * 129}, "orderId"),
        ({"orderId": 17}, "orderId"),
        ({"eventTime": "now"}, "eventTime"),
        ({"eventTime": 1.5}, "eventTime"),
        ({"eventTime": True}, "eventTime"),
        ({"eventTime": NOW_MS + 3_600_000}, "eventTime"),
        ({"eventTime": NOW_MS - 2 * YEAR_MS - 86_400_000}, "eventTime"),
        ({"eventTime": 10**18}, "eventTime"),
        ({"eventTime": 10**23}, "eventTime"),
        ({"eventTime": -(10**15)}, "eventTime"),
        ({"clientIp": "300.1.1.1"}, "clientIp"),
        ({"clientIp": "somewhere"}, "clientIp"),
        ({"clientIp": "fe80::1%eth0"}, "clientIp"),
        ({"clientIp": 5}, "clientIp"),
        ({"userAgent": "x" * 1025}, "userAgent"),
        ({"eventSourceUrl": "ftp://acme.example"}, "eventSourceUrl"),
        ({"eventSourceUrl": "javascript:alert(1)"}, "eventSourceUrl"),
        ({"eventSourceUrl": "https://[bad"}, "eventSourceUrl"),
        ({"eventSourceUrl": "https://acme.example/" + "x" * 2048}, "eventSourceUrl"),
        ({"fbc": "x" * 2049}, "fbc"),
        ({"gclid": 5}, "gclid"),
        ({"contentName": "x" * 513}, "contentName"),
        ({"externalUserId": 7}, "externalUserId"),
        ({"pii": "ada@example.com"}, "pii"),
        ({"pii": {"email": 5}}, "pii.email"),
        ({"pii": {"phone": ["1"]}}, "pii.phone"),
        ({"siteId": 5}, "siteId"),
        ({"channelId": {"a": 1}}, "channelId"),
    ],
)
def test_a_wrong_value_is_named_and_nothing_is_kept(refuse, lead, change, field) -> None:
    error = refuse({**lead, **change})
    assert [problem["field"] for problem in error["details"]] == [field]
    assert field.split(".")[-1] in error["message"]
    assert not Conversion.objects.exists()


@pytest.mark.promise("S14")
@pytest.mark.parametrize(
    "change",
    [
        {"telegramUserId": "123456789"},
        {"telegramUserId": 2**52 - 1},
        {"customEventName": "x" * 99},  # ignored without Custom
        {"eventType": "Custom", "customEventName": "x" * 40},
        {"clientIp": "2001:db8::1"},
        {"clientIp": "::ffff:203.0.113.9"},
        {"unknown": {"deep": [1, 2]}, "account": "acc_other"},
        {"fbc": None, "value": None, "currency": None, "pii": None},
        {"pii": {"email": None, "phone": "not a phone"}},
        {"fbc": "", "contentName": ""},
        {"eventTime": NOW_MS + 60_000},
        {"eventTime": NOW_MS - YEAR_MS},
    ],
)
def test_what_is_right_or_unknown_is_taken(accept, lead, change) -> None:
    assert accept({**lead, **change})["conversionId"]


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("0.30000000000000004", "0.3"),
        ("49.9", "49.9"),
        ("0.00005", "0.0001"),
        ("99999999999.9999", "99999999999.9999"),
        ("1e2", "100"),
    ],
)
def test_a_value_is_a_decimal_with_four_places(api, lead, sent, kept) -> None:
    body = json.dumps({**lead, "currency": "clf"})[:-1] + f', "value": {sent}}}'
    assert api.post(CONVERSION, body).status_code == 200
    conversion = Conversion.objects.get()
    assert (conversion.value, conversion.currency) == (Decimal(kept), "CLF")


def test_click_ids_are_opaque(accept, lead) -> None:
    accept({**lead, "sccid": " IwAR%20aBc-_ ", "gclid": "A" * 2048})
    override = Conversion.objects.get().api_visit_override
    assert override["sccid"] == " IwAR%20aBc-_ "
    assert override["gclid"] == "A" * 2048


@pytest.mark.promise("S13")
@pytest.mark.parametrize(
    "body",
    [
        " ",
        "null",
        "[]",
        '"text"',
        "5",
        "{",
        '{"a": 1,}',
        '{"telegramUserId": 1, "telegramUserId": 2}',
        '{"value": NaN}',
        '{"value": Infinity}',
        '{"value": 1e999}',
        '{"x": "\\u0000"}',
        '{"x": "\\ud800"}',
        '{"x\\u0000": 1}',
        '{"x": {"y": ["\\udfff"]}}',
        '{"x": ' + "[" * 5000 + "]" * 5000 + "}",
        '{"x": ' + '{"a":' * 20 + "1" + "}" * 20 + "}",
        '{"x": ' + "9" * 5000 + "}",
        b'{"x": "\xff\xfe"}',
        b"\xef\xbb\xbf{}",
        b'{"x": "\x00"}',
    ],
)
def test_a_body_that_is_no_clean_json_object_is_refused(refuse, body) -> None:
    refuse(body)


@pytest.mark.parametrize(
    "member",
    [
        '"telegramUserId": 5',
        '"x": NaN',
        '"x": -Infinity',
        '"x": "\\u0000"',
        '"x": ["\\udc00"]',
        '"x": ' + "[" * 17 + "]" * 17,
        '"x": ' + "9" * 41,
    ],
)
def test_one_unclean_member_spoils_a_body_that_is_right(api, refuse, lead, member) -> None:
    right = json.dumps(lead)
    refuse(f"{right[:-1]}, {member}}}")
    assert api.post(CONVERSION, right).status_code == 200


def test_a_wide_surrogate_pair_is_a_character(accept, lead) -> None:
    accept(json.dumps({**lead, "contentName": "👋 VIP"}))
    assert Conversion.objects.get().content_name == "👋 VIP"


def test_a_large_body_is_refused(refuse, lead) -> None:
    refuse({**lead, "x": "y" * 65536}, status=413, code="PAYLOAD_TOO_LARGE")


@pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_another_media_type_is_refused(api, lead, media_type) -> None:
    answer = api.client.post(
        CONVERSION, json.dumps(lead), content_type=media_type, headers={"Authorization": f"Bearer {api.token}"}
    )
    assert (answer.status_code, answer.json()["error"]["code"]) == (415, "UNSUPPORTED_MEDIA_TYPE")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
FIELDS = "telegramUserId eventType value currency pii eventTime fbc clientIp eventSourceUrl orderId channelId".split()


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(change=st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=4))
def test_no_json_ever_breaks_the_server(api, lead, change) -> None:
    answer = api.post(CONVERSION, {**lead, **change})
    assert answer.status_code in (200, 400, 404, 429)
    assert answer["Content-Type"] == "application/json"
    assert Send.objects.count() == 0
