"""Each registered platform says everything that the product must know of it."""

from datetime import timedelta

import pytest

from dispatch.choices import Reason
from dispatch.match_quality import SHARED_KEYS
from dispatch.platforms.base import Platform
from dispatch.platforms.registry import PLATFORMS
from tests.dispatch.platforms.made_up import MadeUp

every_platform = pytest.mark.parametrize(
    "platform", [*PLATFORMS.values(), MadeUp()], ids=lambda platform: platform.slug
)


@every_platform
@pytest.mark.parametrize("member", list(Platform.__annotations__))
def test_every_member_is_there(platform: Platform, member: str) -> None:
    assert hasattr(platform, member)


@every_platform
@pytest.mark.parametrize("member", ["slug", "name", "accepted_signals", "meanings"])
def test_what_can_never_be_empty_is_not(platform: Platform, member: str) -> None:
    assert getattr(platform, member)


@every_platform
def test_it_has_an_address_and_clicks(platform: Platform) -> None:
    has_own_addresses = bool(platform.address_of({"template": "https://a.example/"}))
    assert has_own_addresses or (platform.api_url and platform.click_ids)


@every_platform
def test_its_slug_fits_its_column(platform: Platform) -> None:
    assert platform.slug.isidentifier()
    assert len(platform.slug) <= 16


@every_platform
def test_its_weights_make_a_whole(platform: Platform) -> None:
    known = {*SHARED_KEYS, *(click_id.name for click_id in platform.click_ids)}
    assert set(platform.match_weights) <= known
    assert sum(platform.match_weights.values()) == (100 if platform.match_weights else 0)


@every_platform
def test_its_words_are_for_people(platform: Platform) -> None:
    words = platform.words
    assert all((words.pixel_id, words.where_pixel_id, words.credential, words.where_credential))


@every_platform
def test_json_credentials_have_words(platform: Platform) -> None:
    assert bool(platform.credential_kinds) == bool(platform.words.json_credential)


@every_platform
def test_its_options_are_told_apart(platform: Platform) -> None:
    names = [option.name for option in platform.options]
    assert len(set(names)) == len(names)
    assert all(option.label and option.help for option in platform.options)


@every_platform
def test_its_own_reasons_hide_none_of_ours(platform: Platform) -> None:
    assert not set(platform.reasons) & set(Reason.values)


@every_platform
def test_its_limits_are_positive(platform: Platform) -> None:
    assert platform.max_age > timedelta(0)
    assert platform.batch_limit > 0


@every_platform
def test_its_demo_pixel_has_the_right_form(platform: Platform) -> None:
    assert not platform.demo_pixel or platform.pixel_id_form.fullmatch(platform.demo_pixel["pixelId"])


def test_click_ids_have_names_of_their_own() -> None:
    fields = [click_id.field for platform in PLATFORMS.values() for click_id in platform.click_ids]
    assert len(set(fields)) == len(fields)
