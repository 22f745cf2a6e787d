"""Finds the channel and the pixels of each event of a batch."""

from collections.abc import Iterable

from django.db.models import Q

from adtarget.core import errors
from conversions.batch.items import Item
from conversions.fast_path.reading import is_telegram_id
from dispatch.models import Pixel
from dispatch.platforms.registry import PLATFORMS
from leads.models import ApiKey, Channel
from leads.resolution import resolve


def find_channels(key: ApiKey, items: Iterable[Item]) -> None:
    """Gives each event its channel or its refusal.

    One statement for all that name site and channel; the others are resolved one by one, by their person's history.
    """
    open_items = [item for item in items if item.refusal is None]
    known = _named_channels(key, {item.named.channel_id for item in open_items if item.named.channel_id})
    for item in open_items:
        item.channel = next((channel for channel in known if _is_named(channel, item, key)), None)
        try:
            if item.channel is None:
                item.channel = resolve(key=key, named=item.named, telegram_user_id=item.telegram_user_id)
            elif item.channel.site.is_paused:
                raise errors.SubscriptionInactive
        except errors.ApiError as refusal:
            item.refusal = refusal


def _named_channels(key: ApiKey, ids: set[str]) -> list[Channel]:
    if not ids:
        return []
    by_telegram = {int(one) for one in ids if is_telegram_id(one)}
    wanted = Q(pk__in=ids) | Q(telegram_channel_id__in=by_telegram)
    found = Channel.objects.active().filter(wanted, site__account=key.account_id).select_related("site")
    return list(found.filter(site=key.site_id) if key.site_id else found)


def _is_named(channel: Channel, item: Item, key: ApiKey) -> bool:
    named = item.named
    if not (named.site_id or named.website_id or key.site_id):
        return False
    is_it = str(channel.telegram_channel_id) if is_telegram_id(named.channel_id) else channel.pk
    return (
        is_it == named.channel_id
        and named.site_id in ("", channel.site_id)
        and named.website_id in ("", channel.site.website_id)
    )


def pixels_by_site(items: Iterable[Item]) -> dict[str, list[Pixel]]:
    """The pixels that take events, of each site that is named."""
    sites = {item.channel.site_id: item.channel.site for item in items if item.channel}
    found: dict[str, list[Pixel]] = {site_id: [] for site_id in sites}
    for pixel in Pixel.objects.active().filter(site__in=sites).order_by("created_at"):
        if pixel.platform in PLATFORMS:
            found[pixel.site_id].append(pixel)
    return found
