"""How fast each bot of a channel may make links, learnt from Telegram's answers.

Telegram publishes no limit for invite links. The pace of a bot in a chat grows
by a step whenever it was used up without complaint, and is halved by a 429.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import F
from django.db.models.functions import Greatest, Least

from adtarget.core import rate_limit
from leads.models import Bot, Channel
from tracker.models import LinkRate

STEP = 2.0  # links a minute
DECREASE = 0.5
SLOWEST, FASTEST = 2.0, 1200.0
BURST_SECONDS = 15  # as often as pools are filled


class Maker:
    """A bot that may be asked for links of one chat now."""

    def __init__(self, bot: Bot, chat_id: int, per_minute: float) -> None:
        self.bot, self.chat_id, self.per_minute = bot, chat_id, per_minute
        self.is_used_up = False

    def may_ask(self) -> bool:
        """Takes one call from the pace of bot and chat, which all processes share."""
        burst = max(1, round(self.per_minute * BURST_SECONDS / 60))
        name = f"telegram-links:{self.bot.pk}:{self.chat_id}"
        self.is_used_up = bool(rate_limit.take(name, per_minute=self.per_minute, burst=burst))
        return not self.is_used_up


def bots_of(channel: Channel) -> list[Bot]:
    """The bots that make the channel's links, its own first unless that cannot work there."""
    own = [channel.bot] if channel.bot and not channel.bot_problem else []
    return own + [bot for bot in channel.further_bots.order_by("pk") if bot.pk != channel.bot_id]


def makers(channel: Channel, *, now: datetime, bots: list[Bot] | None = None) -> list[Maker]:
    """The channel's bots that Telegram did not ask to wait."""
    bots = bots_of(channel) if bots is None else bots
    rates = list(LinkRate.objects.filter(bot__in=bots))
    here = [rate for rate in rates if rate.telegram_channel_id == channel.telegram_channel_id]
    resting = {rate.bot_id for rate in rates if rate.too_fast_until and rate.too_fast_until > now}
    resting |= {rate.bot_id for rate in here if rate.rests_until and rate.rests_until > now}
    pace = {rate.bot_id: rate.per_minute for rate in here}
    return [
        Maker(bot, channel.telegram_channel_id, pace.get(bot.pk, settings.INVITE_LINKS_PER_MINUTE))
        for bot in bots
        if bot.pk not in resting
    ]


def speed_up(maker: Maker) -> None:
    """Raises a pace that was used up without complaint."""
    row = LinkRate.objects.filter(pk=_row(maker.bot, maker.chat_id).pk)
    row.update(per_minute=Least(F("per_minute") + STEP, FASTEST), last_error="")


def slow_down(bot: Bot, chat_id: int, *, error: str, rest: timedelta, too_fast: bool, now: datetime) -> None:
    """Lets Telegram rest; where it complained of the pace, halves it and lets the bot rest in all chats."""
    row = LinkRate.objects.filter(pk=_row(bot, chat_id).pk)
    if too_fast:
        slower = Greatest(F("per_minute") * DECREASE, SLOWEST)
        row.update(per_minute=slower, too_fast_until=now + rest, last_error=error[:200])
    else:
        row.update(rests_until=now + rest, last_error=error[:200])


def per_minute(channel: Channel) -> float:
    """What the channel's bots may make together in a minute, resting or not."""
    bots = bots_of(channel)
    here = LinkRate.objects.filter(bot__in=bots, telegram_channel_id=channel.telegram_channel_id)
    known = dict(here.values_list("bot", "per_minute"))
    return float(sum(known.get(bot.pk, settings.INVITE_LINKS_PER_MINUTE) for bot in bots))


def _row(bot: Bot, chat_id: int) -> LinkRate:
    start = {"per_minute": settings.INVITE_LINKS_PER_MINUTE}
    return LinkRate.objects.get_or_create(bot=bot, telegram_channel_id=chat_id, defaults=start)[0]
