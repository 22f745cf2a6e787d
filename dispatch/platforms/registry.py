"""The registry: every platform events can be sent to, by its slug. A new one is one line here."""

from collections.abc import Iterator
from functools import cache

from dispatch.platforms.base import ClickId, Platform
from dispatch.platforms.google import Google
from dispatch.platforms.meta import Meta
from dispatch.platforms.retired import Retired
from dispatch.platforms.snapchat import Snapchat
from dispatch.platforms.tiktok import TikTok


class Registry(dict[str, Platform]):
    """Platforms by slug; a slug that is not among them is of a retired one."""

    def __missing__(self, slug: str) -> Platform:
        return Retired(slug)


PLATFORMS = Registry({platform.slug: platform for platform in (Meta(), TikTok(), Snapchat(), Google())})


def choices() -> list[tuple[str, str]]:
    """Slugs and names, for forms and filters."""
    return [(slug, platform.name) for slug, platform in PLATFORMS.items()]


def name_of(slug: str) -> str:
    """What people call a platform; the slug itself where it is not registered, such as after a downgrade."""
    return PLATFORMS[slug].name


def click_ids() -> Iterator[ClickId]:
    """The click and browser ids of every platform."""
    for platform in PLATFORMS.values():
        yield from platform.click_ids


def known() -> tuple[str, ...]:
    """The slugs of all platforms: what is worked out of the registry once is kept by them."""
    return tuple(PLATFORMS)


def click_fields() -> tuple[str, ...]:
    """The fields that stand for a click of some ad."""
    return tuple(click_id.field for click_id in click_ids() if click_id.is_click)


def signal_fields() -> tuple[str, ...]:
    """The fields of all click and browser ids, on a visit and in an OutgoingEvent."""
    return _signal_fields(known())


@cache
def _signal_fields(slugs: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(click_id.field for slug in slugs for click_id in PLATFORMS[slug].click_ids)


def click_groups() -> Iterator[tuple[str, ...]]:
    """The click fields of each platform: a click belongs to one of them."""
    for platform in PLATFORMS.values():
        yield tuple(platform.click_fields)


def cookies() -> dict[str, str]:
    """The platforms' own first-party cookies, by field."""
    return {click_id.field: click_id.cookie for click_id in click_ids() if click_id.cookie}


def kept_parameters() -> dict[str, str]:
    """The click parameters of networks without a signal of their own, with the networks' names."""
    return {name: network for platform in PLATFORMS.values() for name, network in platform.kept_parameters.items()}


def parameters() -> set[str]:
    """The query parameters that carry click ids, in lower case."""
    return {click_id.parameter for click_id in click_ids() if click_id.parameter}
