"""Every event names its person by one id that stays the same, and by the caller's own where it is known."""

import pytest

from conversions.hashing import sha256
from dispatch.events import outgoing_event
from dispatch.match_quality import match_quality
from dispatch.platforms.registry import PLATFORMS
from tests.dispatch.platforms.cases import AD_PLATFORMS, bare, full, pixel_of
from tests.factories import ConversionFactory

OF_TELEGRAM, OF_CALLER = "9" * 64, "b" * 64
PLACES = {
    "meta": ("user_data", "external_id"),
    "snapchat": ("user_data", "external_id"),
    "tiktok": ("user", "external_id"),
}


@pytest.mark.django_db
def test_the_person_is_the_hashed_telegram_id() -> None:
    conversion = ConversionFactory(lead__telegram_user_id=4711)
    assert outgoing_event(conversion).external_ids == [sha256("4711")]


@pytest.mark.parametrize("slug", PLACES)
def test_both_ids_go_out_the_callers_first(slug: str) -> None:
    outer, inner = PLACES[slug]
    payload = PLATFORMS[slug].render(full(person_id=OF_TELEGRAM), pixel_of(slug))
    assert payload[outer][inner] == [OF_CALLER, OF_TELEGRAM]


@pytest.mark.parametrize("slug", AD_PLATFORMS)
def test_the_telegram_id_alone_schedules_nothing(slug: str) -> None:
    assert not PLATFORMS[slug].has_signal(bare(person_id=OF_TELEGRAM))


def test_match_quality_counts_the_telegram_id() -> None:
    assert match_quality(bare(person_id=OF_TELEGRAM), "meta").present == ("external id",)
