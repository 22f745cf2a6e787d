from datetime import UTC, datetime
from typing import Any

import pytest

from conversions.choices import EventType
from dispatch.match_quality import SHARED_KEYS, average, match_quality
from dispatch.platforms.facts import OutgoingEvent
from dispatch.platforms.registry import PLATFORMS, signal_fields


def event(**known: Any) -> OutgoingEvent:
    return OutgoingEvent(
        event_id="cnv_1", event_type=EventType.LEAD, occurred_at=datetime(2026, 5, 1, tzinfo=UTC), **known
    )


@pytest.mark.parametrize("platform", [slug for slug in PLATFORMS if PLATFORMS[slug].match_weights])
def test_all_keys_together_make_ten(platform: str) -> None:
    shared = {field: "x" for groups in SHARED_KEYS.values() for group in groups for field in group}
    columns = {name for name in signal_fields() if name in OutgoingEvent.__dataclass_fields__}
    more = dict.fromkeys(set(signal_fields()) - columns, "x")
    quality = match_quality(event(**shared, **dict.fromkeys(columns, "x"), more_ids=more), platform)
    assert (quality.out_of_ten, quality.missing) == ("10.0", ())


@pytest.mark.parametrize("platform", list(PLATFORMS))
def test_weights_are_of_keys_that_exist(platform: str) -> None:
    known = {*SHARED_KEYS, *(click_id.name for click_id in PLATFORMS[platform].click_ids)}
    assert set(PLATFORMS[platform].match_weights) <= known


def test_what_is_missing_is_named_the_most_helpful_first() -> None:
    quality = match_quality(event(fbc="fb.1.1.x", email="hash"), "meta")
    assert (quality.score, quality.present) == (45, ("e-mail", "Meta click id (fbc)"))
    assert quality.missing[0] == ("phone", "2.0")


def test_an_address_without_user_agent_adds_nothing() -> None:
    assert match_quality(event(client_ip="8.8.8.8"), "meta").score == 0
    assert match_quality(event(client_ip="8.8.8.8", user_agent="x"), "meta").score == 10


def test_the_average_counts_a_key_where_half_have_it() -> None:
    both = [event(phone_digits="hash", email="hash"), event(email="hash"), event()]
    quality = average(both, "meta")
    assert quality is not None
    assert (quality.score, quality.present) == (23, ("e-mail",))
    assert average([], "meta") is None


def test_without_weights_the_quality_is_unknown() -> None:
    assert not match_quality(event(email="x"), "postback").is_known
    assert average([event(email="x")], "postback") is None
