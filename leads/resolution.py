"""Finds the site and channel of an event from the API key, the ids given and the lead's history."""

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from django.db.models import Q, QuerySet

from adtarget.core import errors
from adtarget.core.prepared import PreparedQuery
from leads.models import Account, ApiKey, Channel, Site

if TYPE_CHECKING:
    from conversions.models import Conversion


class NoHistory(errors.InvalidPayload):
    """Ids were left out and the lead's history does not supply them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Named:
    """What the request named; '' where it did not."""

    site_id: str = ""
    website_id: str = ""
    channel_id: str = ""


def resolve(*, key: ApiKey, named: Named, telegram_user_id: int) -> Channel:
    """The channel, with its site, that an event belongs to.

    Raises InvalidPayload (unknown or foreign site), NoHistory,
    SubscriptionInactive or ChannelNotFound.
    """
    if named.channel_id and (channel := _named_channel(key, named)):
        return _open(channel)
    site = named_site(key=key, named=named)
    if site is not None:
        _require_active(site)
    if named.channel_id:
        if site is not None:
            raise errors.ChannelNotFound
        return _open(_channel_by_history(key, named, telegram_user_id))
    return _open(_latest_channel(key, site, telegram_user_id))


def named_site(*, key: ApiKey, named: Named) -> Site | None:
    """The key's own site or the named one; None where neither decides. Foreign reads as unknown."""
    if not (named.site_id or named.website_id):
        return key.site
    site = Site.objects.filter(_site_filter(key, named), account=key.account_id).first()
    if site is None:
        raise errors.InvalidPayload(_what_is_wrong(key, named))
    return site


def history_site(*, key: ApiKey, telegram_user_id: int) -> Site | None:
    """The site of the person's latest conversion on the account."""
    latest = _history(key, telegram_user_id).select_related("site").order_by("-attributed_at", "-id").first()
    return latest.site if latest else None


def _named_channel(key: ApiKey, named: Named) -> Channel | None:
    """The hot path: channel and site in one query, where the site is named or the key's own."""
    site_id = named.site_id or key.site_id or ""
    if not (site_id or named.website_id) or (key.site_id and site_id != key.site_id):
        return None
    wanted: dict[str, str | int] = {"site__account": key.account_id, **_channel_filter(named)}
    wanted |= {"site": site_id} if site_id else {}
    wanted |= {"site__website_id": named.website_id} if named.website_id else {}
    return next(iter(_channel_query(tuple(wanted))(*wanted.values())), None)


@cache
def _channel_query(names: tuple[str, ...]) -> PreparedQuery[Channel]:
    examples = (0 if name == "telegram_channel_id" else "" for name in names)
    channels = Channel.objects.active().select_related("site")
    return PreparedQuery(lambda *values: channels.filter(**dict(zip(names, values, strict=True))), *examples)


def _channels(key: ApiKey, named: Named) -> QuerySet[Channel]:
    """The active channels of the account that `channelId` may mean, one a site at most."""
    channels = Channel.objects.active().filter(site__account=key.account_id).select_related("site")
    return channels.filter(**_channel_filter(named))


def _channel_filter(named: Named) -> dict[str, str | int]:
    """By Telegram's id where it starts with '-', else by ours; ids of neither kind match nothing."""
    digits = named.channel_id[1:]
    if named.channel_id.startswith("-") and digits.isascii() and digits.isdigit() and len(digits) <= 18:
        return {"telegram_channel_id": -int(digits)}
    return {"pk": named.channel_id}


def _site_filter(key: ApiKey, named: Named) -> Q:
    wanted = Q()
    if key.site_id:
        wanted &= Q(pk=key.site_id)
    if named.site_id:
        wanted &= Q(pk=named.site_id)
    if named.website_id:
        wanted &= Q(website_id=named.website_id)
    return wanted


def _what_is_wrong(key: ApiKey, named: Named) -> str:
    if key.site_id:
        return "This key is limited to another site."
    if named.site_id and named.website_id:
        return "siteId and websiteId do not name one site of this account."
    return f"{'siteId' if named.site_id else 'websiteId'} is not a site of this account."


def _channel_by_history(key: ApiKey, named: Named, telegram_user_id: int) -> Channel:
    """The named channel on the site where the person was last seen and which has that channel."""
    history = _history(key, telegram_user_id)
    if not history.exists():
        raise NoHistory("siteId or websiteId is required for a lead without history.")
    channels = {channel.site_id: channel for channel in _channels(key, named)}
    latest = history.filter(site__in=channels).order_by("-attributed_at", "-id").first()
    in_channel = history.filter(channel__in=list(channels.values())).order_by("-attributed_at", "-id").first()
    chosen = in_channel or latest
    if chosen is None:
        raise errors.ChannelNotFound
    return channels[chosen.site_id]


def _latest_channel(key: ApiKey, site: Site | None, telegram_user_id: int) -> Channel:
    history = _history(key, telegram_user_id)
    if site is not None:
        history = history.filter(site=site)
    latest = history.select_related("channel__site").order_by("-attributed_at", "-id").first()
    if latest is None:
        raise NoHistory(
            "channelId is required." if site else "siteId or websiteId is required for a lead without history."
        )
    if not latest.channel.is_active:
        raise errors.ChannelNotFound
    channel: Channel = latest.channel
    return channel


def _history(key: ApiKey, telegram_user_id: int) -> "QuerySet[Conversion]":
    """The person's conversions that the key builds on: a live key on live ones, a test key on tests."""
    conversions = Account(pk=key.account_id).conversions
    return conversions.filter(key.scope(), telegram_user_id=telegram_user_id, is_test=key.is_test)


def _open(channel: Channel) -> Channel:
    _require_active(channel.site)
    return channel


def _require_active(site: Site) -> None:
    if site.is_paused:
        raise errors.SubscriptionInactive
