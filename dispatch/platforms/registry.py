"""The registry: every platform events can be sent to, by its slug. A new one is one line here."""

from collections.abc import Iterator, Mapping
from functools import cache
from types import MappingProxyType

from dispatch.platforms.base import ClickId, Platform
from dispatch.platforms.chatgpt import ChatGPT
from dispatch.platforms.google import Google
from dispatch.platforms.meta import Meta
from dispatch.platforms.microsoft import Microsoft
from dispatch.platforms.pinterest import Pinterest
from dispatch.platforms.postback import Postback
from dispatch.platforms.reddit import Reddit
from dispatch.platforms.retired import Retired
from dispatch.platforms.snapchat import Snapchat
from dispatch.platforms.tiktok import TikTok
from dispatch.platforms.yandex import Yandex


class Registry(dict[str, Platform]):
    """Platforms by slug; a slug that is not among them is of a retired one."""

    def __missing__(self, slug: str) -> Platform:
        return Retired(slug)


_ALL: tuple[Platform, ...] = (
    Meta(),
    TikTok(),
    Snapchat(),
    Google(),
    Reddit(),
    Microsoft(),
    Pinterest(),
    ChatGPT(),
    Yandex(),
    Postback(),
)
PLATFORMS = Registry({platform.slug: platform for platform in _ALL})


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
    return _click_fields(known())


@cache
def _click_fields(slugs: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(click_id.field for slug in slugs for click_id in PLATFORMS[slug].click_ids if click_id.is_click)


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


def cookies() -> Mapping[str, str]:
    """The platforms' own first-party cookies, by field."""
    return _cookies(known())


@cache
def _cookies(slugs: tuple[str, ...]) -> Mapping[str, str]:
    every = (click_id for slug in slugs for click_id in PLATFORMS[slug].click_ids)
    return MappingProxyType({click_id.field: click_id.cookie for click_id in every if click_id.cookie})


def kept_parameters() -> Mapping[str, str]:
    """The click parameters of networks without a signal of their own, with the networks' names."""
    return _kept_parameters(known())


@cache
def _kept_parameters(slugs: tuple[str, ...]) -> Mapping[str, str]:
    every = (PLATFORMS[slug].kept_parameters for slug in slugs)
    return MappingProxyType({name: network for kept in every for name, network in kept.items()})


def parameters() -> frozenset[str]:
    """The query parameters that carry click ids, in lower case."""
    return _parameters(known())


@cache
def _parameters(slugs: tuple[str, ...]) -> frozenset[str]:
    every = (click_id for slug in slugs for click_id in PLATFORMS[slug].click_ids)
    return frozenset(click_id.parameter for click_id in every if click_id.parameter)
