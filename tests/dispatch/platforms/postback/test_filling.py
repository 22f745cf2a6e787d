"""The address of a postback: macros, presets, filters and what of it is shown."""

from decimal import Decimal
from typing import Any

import pytest

from conversions.choices import EventType
from dispatch.choices import Outcome
from dispatch.platforms.facts import CannotExpress, OutgoingEvent, PixelConfig
from dispatch.platforms.postback import FILTERED, NO_CLICK_ID
from dispatch.platforms.postback.presets import PRESETS
from dispatch.platforms.registry import PLATFORMS
from tests.dispatch.platforms.cases import answer, full

POSTBACK = PLATFORMS["postback"]
CLICK = "Ab+/=&?#{x}é🦊"
OWN = "https://t.example/p?cid={click_id}"


def event(**changes: Any) -> OutgoingEvent:
    known = {
        "parameters": {"subid": "S-1", "clickid": "C-1", "zone": "z 9"},
        "utms": {"utm_campaign": "spring sale", "utm_content": "video 2", "utm_source": "push"},
        "conversion_id": "cnv_01JA",
        "telegram_user_id": "7000000001",
    }
    return full(**(known | changes))


def pixel(**options: Any) -> PixelConfig:
    return PixelConfig(pixel_id="crm", api_url="", options=options)


def url_of(template: str = "", *, secret: str = "", of: OutgoingEvent | None = None, **options: Any) -> str:
    config = pixel(**({"template": template} if template else {}), **options)
    return POSTBACK.request(config, secret, [POSTBACK.render(of or event(), config)]).url


# ------------------------------------------------------------------ macros
@pytest.mark.parametrize(
    ("macro", "expected"),
    [
        ("click_id", "S-1"),
        ("event", "Purchase"),
        ("status", "sale"),
        ("value", "49.9"),
        ("currency", "USD"),
        ("order_id", "A-17"),
        ("event_id", "cnv_01JA"),
        ("conversion_id", "cnv_01JA"),
        ("time", "1791797400"),
        ("time_ms", "1791797400900"),
        ("telegram_user_id", "7000000001"),
        ("campaign", "spring%20sale"),
        ("ad", "video%202"),
        ("param:zone", "z%209"),
        ("param:ZONE", "z%209"),
        ("param:gclid", "Cj0KCQ"),
        ("param:utm_source", "push"),
        ("param:unknown", ""),
        ("param:email", ""),
        ("param:value", ""),
        ("secret", "s%2F1"),
    ],
)
def test_each_macro_stands_for_its_fact(macro: str, expected: str) -> None:
    assert url_of(f"https://t.example/p?x={{{macro}}}", secret="s/1") == f"https://t.example/p?x={expected}"


def test_values_are_encoded() -> None:
    found = url_of(OWN, of=event(parameters={"subid": CLICK}))
    assert found == "https://t.example/p?cid=Ab%2B%2F%3D%26%3F%23%7Bx%7D%C3%A9%F0%9F%A6%8A"


def test_what_a_value_holds_is_no_macro() -> None:
    assert url_of(OWN, secret="s", of=event(parameters={"subid": "{secret}"})) == "https://t.example/p?cid=%7Bsecret%7D"


def test_unknown_facts_are_empty() -> None:
    bare = event(value=None, currency="", order_id="", utms={})
    assert url_of("https://t.example/?v={value}&c={currency}&o={order_id}&a={ad}", of=bare).endswith("?v=&c=&o=&a=")


@pytest.mark.parametrize(
    ("value", "currency", "expected"),
    [
        ("25.0000", "USD", "25"),
        ("0.3000", "EUR", "0.3"),
        ("1200.0000", "JPY", "1200"),
        ("99999999.9900", "USD", "99999999.99"),
    ],
)
def test_a_value_is_a_plain_decimal(value: str, currency: str, expected: str) -> None:
    priced = event(value=Decimal(value), currency=currency)
    assert url_of("https://t.example/?v={value}", of=priced) == f"https://t.example/?v={expected}"


# ------------------------------------------------------------------ the click id
@pytest.mark.parametrize(
    ("parameters", "options", "expected"),
    [
        ({"clickid": "C"}, {}, "C"),
        ({"my_click": "M"}, {}, "M"),
        ({"zone": "Z"}, {}, ""),
        ({"zone": "Z", "subid": "S"}, {"clickId": "zone"}, "Z"),
        ({"subid": "S"}, {"clickId": "zone"}, ""),
    ],
)
def test_the_click_id_is_of_the_likeliest_parameter(parameters: dict[str, str], options: Any, expected: str) -> None:
    assert url_of(OWN, of=event(parameters=parameters), **options) == f"https://t.example/p?cid={expected}"


# ------------------------------------------------------------------ words and filters
@pytest.mark.parametrize(("rename", "word"), [({"Purchase": "install"}, "install"), ({"Lead": "x"}, "Purchase")])
def test_events_are_renamed(rename: dict[str, str], word: str) -> None:
    assert url_of("https://t.example/?e={event}", rename=rename).endswith(f"e={word}")


def test_a_new_word_is_the_status_too() -> None:
    assert url_of("https://t.example/?s={status}", rename={"Purchase": "deposit"}).endswith("s=deposit")


def test_a_custom_event_goes_by_its_name() -> None:
    custom = event(event_type=EventType.CUSTOM, custom_name="vip")
    assert url_of("https://t.example/?e={event}", of=custom).endswith("e=vip")
    assert url_of("https://t.example/?e={event}", of=custom, rename={"vip": "gold"}).endswith("e=gold")


@pytest.mark.parametrize(
    ("options", "changes", "reason"),
    [
        ({"only": ["Purchase"]}, {}, ""),
        ({"only": ["Lead"]}, {}, FILTERED),
        ({"onlyWithValue": True}, {}, ""),
        ({"onlyWithValue": True}, {"value": None}, FILTERED),
        ({"onlyWithClickId": True}, {}, ""),
        ({"onlyWithClickId": True}, {"parameters": {}}, NO_CLICK_ID),
        ({}, {"parameters": {}}, ""),
    ],
)
def test_filters_let_through_what_they_name(options: Any, changes: Any, reason: str) -> None:
    config, told = pixel(template=OWN, **options), event(**changes)
    assert POSTBACK.wants(told, config) == (not reason)
    if reason:
        with pytest.raises(CannotExpress) as refused:
            POSTBACK.render(told, config)
        assert refused.value.reason == reason


# ------------------------------------------------------------------ presets
EXPECTED = {
    "keitaro": "https://t.example/K%2F1/postback?subid=X&status=sale&payout=49.9&currency=USD&tid=A-17",
    "binom": "https://t.example/click?cnv_id=X&payout=49.9&cnv_status=sale",
    "propellerads": "https://ad.propellerads.com/conversion.php?aid=1&pid=2&tid=3&visitor_id=X&payout=49.9",
    "richads": "https://us.ahows.co/log?action=conversion&key=X&price=49.9",
    "adsgram": "https://api.adsgram.ai/confirm_conversion?token=K%2F1&record=X&goaltype=Purchase",
    "taboola": "https://trc.taboola.com/actions-handler/log/3/s2s-action?click-id=X&name=Purchase&revenue=49.9"
    "&currency=USD&orderid=A-17",
    "outbrain": "https://tr.outbrain.com/unifiedPixel?ob_click_id=X&name=Purchase&orderId=A-17&orderValue=49.9"
    "&currency=USD",
    "bigo": "https://api.bytegle.site/bigoad/trackingevent?bbg=X&pixel_id=77&event_id=Purchase",
    "vk": "https://top-fwz1.mail.ru/tracker?id=88;e=RG%3A49.9/Purchase;rb_clickid=X",
}
PARAMETERS = {"tracker": "t.example", "aid": "1", "pid": "2", "tid": "3", "pixel_id": "77", "id": "88"}


@pytest.mark.parametrize("name", list(PRESETS))
def test_a_preset_fills_the_networks_address(name: str) -> None:
    told = event(parameters={PRESETS[name].click_parameters[0]: "X"})
    assert url_of(preset=name, parameters=PARAMETERS, secret="K/1", of=told) == EXPECTED[name]


@pytest.mark.parametrize("name", list(PRESETS))
def test_a_preset_sends_nothing_without_a_click(name: str) -> None:
    assert not POSTBACK.wants(event(parameters={}), pixel(preset=name, parameters=PARAMETERS))


def test_a_long_click_id_is_never_cut() -> None:
    long = "b" * 2048
    assert long in url_of(preset="bigo", parameters=PARAMETERS, of=event(parameters={"bbg": long}))


@pytest.mark.parametrize("tracker", ["t.example", "t.example/", "https://t.example", "https://t.example/"])
def test_a_tracker_is_written_in_several_ways(tracker: str) -> None:
    assert url_of(preset="binom", parameters={"tracker": tracker}).startswith("https://t.example/click?")


# ------------------------------------------------------------------ what is shown
@pytest.mark.parametrize(
    ("options", "shown"),
    [
        ({"template": "https://u:p@t.example/hook/S3cr3t/{event}?key=abc&c={click_id}&n"},
         "https://t.example/…/…/Purchase?key=…&c=S-1&n"),
        ({"template": "https://t.example/?t={secret}&c={click_id}"}, "https://t.example/?t=…&c=S-1"),
        ({"preset": "keitaro", "parameters": {"tracker": "t.example", "key": "abc"}},
         "https://t.example/…/postback?subid=S-1&status=sale&payout=49.9&currency=USD&tid=A-17"),
    ],
)  # fmt: skip
def test_secrets_are_not_shown(options: Any, shown: str) -> None:
    config = pixel(**options)
    request = POSTBACK.request(config, "S3cr3t", [POSTBACK.render(event(), config)])
    assert request.logged_url == shown


def test_no_secret_is_kept_with_an_attempt() -> None:
    config = pixel(template="https://t.example/abc?t={secret}&c={click_id}")
    assert POSTBACK.render(event(), config) == {"click_id": "S-1"}


@pytest.mark.parametrize(("method", "sent"), [({}, "GET"), ({"method": "GET"}, "GET"), ({"method": "POST"}, "POST")])
def test_it_is_called_as_set_up(method: dict[str, str], sent: str) -> None:
    config = pixel(template=OWN, **method)
    assert POSTBACK.request(config, "", [POSTBACK.render(event(), config)]).method == sent


# ------------------------------------------------------------------ answers
@pytest.mark.parametrize(
    ("status", "body", "success", "expected"),
    [
        (200, b"", "", (Outcome.ACCEPTED, "")),
        (204, b"", "", (Outcome.ACCEPTED, "")),
        (200, b"<html>", "", (Outcome.ACCEPTED, "")),
        (200, b'{"status": "ok"}', '"STATUS": "OK"', (Outcome.ACCEPTED, "")),
        (200, b"unknown click", "ok", (Outcome.AMBIGUOUS, "no_success")),
        (301, b"", "", (Outcome.AUTH, "redirect")),
        (400, b"bad", "", (Outcome.REJECTED, "http_400")),
        (401, b"", "", (Outcome.AUTH, "http_401")),
        (403, b"ok", "ok", (Outcome.AUTH, "http_403")),
        (404, b"", "", (Outcome.REJECTED, "http_404")),
        (408, b"", "", (Outcome.RETRY, "http_408")),
        (410, b"", "", (Outcome.AUTH, "http_410")),
        (422, b"", "", (Outcome.REJECTED, "http_422")),
        (429, b"", "", (Outcome.RETRY, "http_429")),
        (500, b"ok", "ok", (Outcome.AMBIGUOUS, "http_500")),
        (503, b"", "", (Outcome.AMBIGUOUS, "http_503")),
    ],
)
def test_an_answer_means_what_its_status_says(status: int, body: bytes, success: str, expected: Any) -> None:
    (verdict,) = POSTBACK.read(answer(status, body), 1, pixel(success=success))
    assert (verdict.outcome, verdict.code) == expected
