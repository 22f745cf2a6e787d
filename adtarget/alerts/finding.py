"""Finds the problems that exist now, over all accounts: one function per kind of alert.

An open alert that no function names any more is over. The sentences hold no personal data and no secret, because
they are sent by e-mail and Telegram.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Count, OuterRef, Q, Subquery

from adtarget.alerts.choices import AlertKind
from adtarget.alerts.models import Alert, AlertSettings
from conversions.models import Conversion
from dispatch.awaiting import awaiting, site_platforms
from dispatch.choices import Reason, SendStatus
from dispatch.models import Pixel, Send
from dispatch.models.send import SendQuerySet
from dispatch.platforms.registry import name_of
from dispatch.queries import failed_since
from leads.models import Account, Channel, Site, UnreadableRow
from tracker import link_rates, supply
from tracker.models import VisitUsage

LEAST_CLICKS = 10  # fewer in ten minutes are no reason to worry
AN_HOUR = timedelta(hours=1)
#: Sends are tried for two days; what ended within the hour was accepted within these.
TRIED_FOR = timedelta(days=3)
BY_HAND = (Reason.CANCELLED, Reason.ERASED)


@dataclass(frozen=True, slots=True)
class Found:
    account_id: str
    subject: str
    text: str


class SettingsOf(dict[str, AlertSettings]):
    """Settings by account id; defaults for accounts without a row."""

    def __missing__(self, account_id: str) -> AlertSettings:
        self[account_id] = AlertSettings(account_id=account_id)
        return self[account_id]


def all_settings() -> SettingsOf:
    return SettingsOf({settings.account_id: settings for settings in AlertSettings.objects.all()})


Find = Callable[[datetime, Mapping[str, AlertSettings]], Iterable[Found]]


def paused_pixels(now: datetime, settings_of: Mapping[str, AlertSettings]) -> Iterable[Found]:
    for pixel in Pixel.objects.active().filter(paused_at__isnull=False).select_related("site"):
        code = f" ({pixel.pause_code})" if pixel.pause_code else ""
        text = f"{pixel} of {pixel.site.domain} is paused{code}. Its events wait."
        yield Found(pixel.site.account_id, pixel.pk, text)


def failing_sends(now: datetime, settings_of: Mapping[str, AlertSettings]) -> Iterable[Found]:
    """Sites and platforms where too large a share of the last hour's sends failed; over at half that share."""
    recent = Send.objects.filter(created_at__gte=now - TRIED_FOR, conversion__is_test=False)
    failed = _counted(failed_since(now - AN_HOUR, recent).exclude(reason__in=BY_HAND))
    open_ones = set(Alert.objects.open().filter(kind=AlertKind.FAILURES).values_list("account_id", "subject"))
    suspects = {
        key: count
        for key, count in failed.items()
        if key in open_ones or 100 * count >= settings_of[key[0]].failure_percent * settings_of[key[0]].failure_least
    }
    if not suspects:
        return
    accounts = {account_id for account_id, _ in suspects}
    sent = _counted(
        recent.filter(status=SendStatus.SENT, sent_at__gte=now - AN_HOUR, pixel__site__account__in=accounts)
    )
    for (account_id, platform), count in suspects.items():
        settings, ended = settings_of[account_id], count + sent.get((account_id, platform), 0)
        is_open = (account_id, platform) in open_ones
        share, enough = (
            (settings.failure_percent / 2, 1) if is_open else (settings.failure_percent, settings.failure_least)
        )
        if ended >= enough and 100 * count >= share * ended:
            label = name_of(platform)
            yield Found(account_id, platform, f"{label} failed {count} of {ended} sends within the last hour.")


def silent_sites(now: datetime, settings_of: Mapping[str, AlertSettings]) -> Iterable[Found]:
    """Sites that had events once and have none now."""
    latest = Conversion.objects.filter(site=OuterRef("pk")).order_by("-attributed_at").values("attributed_at")[:1]
    sites = Site.objects.filter(is_paused=False).annotate(last_event=Subquery(latest))
    for site in sites.only("account_id", "domain").iterator():
        hours = settings_of[site.account_id].silence_hours
        if site.last_event and site.last_event < now - timedelta(hours=hours):
            text = f"No event of {site.domain} came in since {site.last_event:%-d %b %Y, %H:%M} UTC."
            yield Found(site.account_id, site.pk, text)


def values_running_out(now: datetime, settings_of: Mapping[str, AlertSettings]) -> Iterable[Found]:
    """Conversions that a platform will not take any more unless somebody enters their value soon."""
    waiting = Conversion.objects.filter(awaiting_manual_input=True).order_by().values("account")
    for account in Account.objects.filter(pk__in=waiting):
        hours = settings_of[account.pk].values_hours
        urgent = awaiting(account, site_platforms(account), now=now)
        count = urgent.filter(Q(closes_at__lte=now + timedelta(hours=hours))).count()
        if count:
            things = "1 conversion awaits its value" if count == 1 else f"{count} conversions await their values"
            text = f"{things}, and a platform stops taking them within {hours} hours."
            yield Found(account.pk, "", text)


def broken_bots(now: datetime, settings_of: Mapping[str, AlertSettings]) -> Iterable[Found]:
    channels = Channel.objects.active().exclude(bot_problem="").filter(site__is_paused=False)
    for channel in channels.select_related("site"):
        text = f"The bot cannot work in {channel.title[:80]} of {channel.site.domain}: {channel.bot_problem[:120]}"
        yield Found(channel.site.account_id, channel.pk, text[:300])


def unreadable_rows(now: datetime, settings_of: Mapping[str, AlertSettings]) -> Iterable[Found]:
    """Accounts of which rows were met that cannot be read."""
    rows = UnreadableRow.objects.filter(account__isnull=False).order_by().values_list("account")
    for account_id, count in rows.annotate(count=Count("pk")):
        things = "1 stored row cannot be read and is" if count == 1 else f"{count} stored rows cannot be read and are"
        yield Found(account_id, "", f"{things} left out of lists and exports.")


def links_running_short(now: datetime, settings_of: Mapping[str, AlertSettings]) -> Iterable[Found]:
    """Channels whose links last for less than ten minutes at the pace of the last ten."""
    wanted = Channel.objects.active().filter(site__is_paused=False, telegram_channel_id__lt=0)
    for channel in wanted.filter(invite_pool__target__gt=settings.INVITE_POOL_SIZE).select_related("site", "bot"):
        clicks = supply.demand_of(channel.pk, now).ten_minutes
        free, made = supply.count_free(channel, now), 10 * link_rates.per_minute(channel)
        if clicks >= LEAST_CLICKS and (free + made < clicks or free < clicks / 10):
            title = channel.title[:80]
            text = f"{title} has {free} invite links left, and {clicks} clicks came in the last ten minutes."
            yield Found(channel.site.account_id, channel.pk, text)


def sites_over_their_budget(now: datetime, settings_of: Mapping[str, AlertSettings]) -> Iterable[Found]:
    """Sites whose visits of today are sampled."""
    is_over = Q(kept__gte=settings.VISITS_PER_SITE_AND_DAY) | Q(kept_bytes__gte=settings.VISIT_BYTES_PER_SITE_AND_DAY)
    for usage in VisitUsage.objects.filter(is_over, day=now.date()).select_related("site"):
        kept = f"{usage.kept:,} visits ({usage.kept_bytes / 1e6:,.0f} MB)"
        text = f"{usage.site.domain} kept {kept} today. Of further ones only those of ad clicks and a sample are kept."
        yield Found(usage.site.account_id, usage.site_id, text)


FINDERS: Mapping[AlertKind, Find] = {
    AlertKind.PIXEL_PAUSED: paused_pixels,
    AlertKind.FAILURES: failing_sends,
    AlertKind.SILENCE: silent_sites,
    AlertKind.VALUES: values_running_out,
    AlertKind.BOT: broken_bots,
    AlertKind.UNREADABLE: unreadable_rows,
    AlertKind.LINKS: links_running_short,
    AlertKind.STORAGE: sites_over_their_budget,
}


def _counted(sends: SendQuerySet) -> dict[tuple[str, str], int]:
    """Counts rows by account and platform."""
    rows = sends.order_by().values_list("pixel__site__account", "platform").annotate(count=Count("pk"))
    return {(account_id, platform): count for account_id, platform, count in rows}
