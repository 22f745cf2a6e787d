"""What is set up for each site, and what is missing."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from django.db.models import Exists, OuterRef, Q, Subquery

from conversions.models import Conversion
from dispatch.models import Pixel
from leads.models import Account, ApiKey, Bot, Channel, Site
from tracker.models import BotChat, Visit

MOST_SITES = 100

StepName = Literal["site", "snippet", "bot", "channels", "pixels", "key"]


@dataclass(frozen=True, slots=True)
class Step:
    name: StepName
    label: str


STEPS: Sequence[Step] = (
    Step("site", "Site"),
    Step("snippet", "Snippet"),
    Step("bot", "Bot"),
    Step("channels", "Channels"),
    Step("pixels", "Pixels"),
    Step("key", "Key and first event"),
)


@dataclass(frozen=True, slots=True)
class ToDo:
    """One thing that is missing, and the step that adds it."""

    step: StepName
    sentence: str


@dataclass(slots=True)
class SiteSetUp:
    site: Site
    last_visit: datetime | None
    last_event: datetime | None
    has_key: bool
    has_bot: bool
    channels: list[Channel] = field(default_factory=list)
    pixels: list[Pixel] = field(default_factory=list)

    @property
    def missing(self) -> list[ToDo]:
        """What to do next, in order; empty where events flow."""
        active = [channel for channel in self.channels if channel.is_active]
        steps: list[tuple[bool, StepName, str]] = [
            (self.site.is_paused, "site", "The site is paused and takes no events."),
            (not self.last_visit, "snippet", "Put the snippet into your page: we have not seen a visit yet."),
            (not self.has_bot, "bot", "Connect a Telegram bot: it makes the links and sees who joins."),
            (not active, "channels", "Add a channel: make the bot an administrator of it."),
            (
                bool(active) and not any(channel.is_default for channel in active),
                "channels",
                "Choose the default channel.",
            ),
            (any(channel.bot_problem for channel in active), "bot", "The bot cannot do its work in a channel."),
            (
                not any(pixel.is_active for pixel in self.pixels),
                "pixels",
                "Connect a pixel: without one nothing is sent.",
            ),
            (
                any(pixel.paused_at for pixel in self.pixels if pixel.is_active),
                "pixels",
                "A pixel is paused: the platform refused its access.",
            ),
            (not self.has_key, "key", "Make a key, so that your backend can report purchases."),
            (not self.last_event, "key", "Send the first event."),
        ]
        return [ToDo(step, sentence) for is_missing, step, sentence in steps if is_missing]

    @property
    def open_steps(self) -> set[StepName]:
        return {todo.step for todo in self.missing}


def site_set_ups(account: Account, *, site_id: str = "") -> list[SiteSetUp]:
    """Each site of the account, or only the one."""
    sites = Site.objects.filter(account=account, **({"pk": site_id} if site_id else {}))
    visits = Visit.objects.filter(site=OuterRef("pk")).order_by("-visited_at").values("visited_at")[:1]
    events = Conversion.objects.filter(site=OuterRef("pk")).order_by("-attributed_at").values("attributed_at")[:1]
    keys = ApiKey.objects.active().filter(Q(site=OuterRef("pk")) | Q(site=None, account=account))
    sites = sites.annotate(
        last_visit=Subquery(visits),
        last_event=Subquery(events),
        has_key=Exists(keys),
        has_bot=Exists(Bot.objects.filter(account=account)),
    )
    found = {
        site.pk: SiteSetUp(site, site.last_visit, site.last_event, site.has_key, site.has_bot)
        for site in sites.order_by("domain")[:MOST_SITES]
    }
    for channel in Channel.objects.filter(site__in=found).select_related("bot").order_by("funnel_order", "title"):
        found[channel.site_id].channels.append(channel)
    for pixel in Pixel.objects.filter(site__in=found).order_by("platform", "pixel_id"):
        found[pixel.site_id].pixels.append(pixel)
    return list(found.values())


def chats_to_add(site: Site) -> list[BotChat]:
    """Where the account's bots are, without what the site has as a channel; the latest first."""
    taken = Channel.objects.filter(site=site).values("telegram_channel_id")
    chats = BotChat.objects.filter(bot__account=site.account_id).exclude(telegram_chat_id__in=taken)
    return list(chats.select_related("bot").order_by("-seen_at")[:50])


def first_events(site: Site) -> list[Conversion]:
    """The latest events that came by the API or a tracked join, with their sends."""
    latest = Conversion.objects.filter(site=site).select_related("lead").prefetch_related("sends")
    return list(latest.order_by("-attributed_at")[:3])
