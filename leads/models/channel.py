"""Telegram channels of a site, and the event that a join means."""

import re
from functools import partial

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q

from adtarget.core.ids import new_id
from adtarget.core.money_field import MoneyField
from conversions.choices import EventType
from leads.models.bot import Bot
from leads.models.site import Site

MOST_STAY_HOURS = 30 * 24


#: The only addresses anybody is ever sent to.
TELEGRAM_LINK = re.compile(r"\Ahttps://t\.me/(?:\+|joinchat/)?[A-Za-z0-9_-]{1,200}(?:\?start=[A-Za-z0-9_-]{1,64})?\Z")


def check_telegram_link(text: str) -> None:
    if not TELEGRAM_LINK.fullmatch(text):
        raise ValidationError("This is no link of Telegram's; it looks like https://t.me/+AbC….")


class ChannelQuerySet(models.QuerySet["Channel"]):
    def active(self) -> "ChannelQuerySet":
        return self.filter(is_active=True)


class Channel(models.Model):
    """A Telegram channel or group of a site, and the event that a join in it means."""

    id = models.CharField(primary_key=True, max_length=40, default=partial(new_id, "chn"), editable=False)
    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="channels")
    bot = models.ForeignKey(Bot, on_delete=models.SET_NULL, null=True, blank=True, related_name="channels")
    further_bots = models.ManyToManyField(
        Bot,
        blank=True,
        related_name="further_channels",
        help_text="They make invite links too: each is limited by Telegram by itself.",
    )
    telegram_channel_id = models.BigIntegerField(help_text="Telegram's own id, such as -1001234567890.")
    title = models.CharField(max_length=255)
    username = models.CharField(max_length=64, blank=True, help_text="Public name without @; empty when private.")
    invite_link = models.CharField(
        max_length=255,
        blank=True,
        validators=[check_telegram_link],
        help_text="Fallback link of the channel itself.",
    )
    funnel_order = models.PositiveSmallIntegerField(default=0)
    is_default = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    uses_join_requests = models.BooleanField(default=False)
    auto_approve = models.BooleanField(default=True, help_text="Approve join requests by ourselves.")
    event_type = models.CharField(max_length=32, choices=EventType.choices, blank=True)
    custom_event_name = models.CharField(max_length=40, blank=True)
    value = MoneyField(null=True, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    auto_fire = models.BooleanField(default=True, help_text="Off: a Purchase waits for its value.")
    stay_hours = models.PositiveSmallIntegerField(
        default=0,
        validators=[MaxValueValidator(MOST_STAY_HOURS)],
        help_text="Send only after the person stayed this long.",
    )
    bot_problem = models.CharField(max_length=200, blank=True, help_text="Why the bot cannot work here.")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ChannelQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["site", "telegram_channel_id"], name="one_channel_per_site_and_chat"),
            models.UniqueConstraint(fields=["site"], condition=Q(is_default=True), name="one_default_channel_per_site"),
            models.CheckConstraint(
                condition=Q(value__isnull=True, currency="") | (Q(value__gt=0) & ~Q(currency="")),
                name="channel_value_and_currency_come_together",
            ),
        ]
        indexes = [models.Index(fields=["telegram_channel_id"], name="channel_by_chat")]

    def __str__(self) -> str:
        return self.title
