"""Conversions: one business event of one lead."""

from functools import partial

from django.db import models
from django.db.models import Q

from adtarget.core.ids import new_id
from adtarget.core.loose_key import LooseForeignKey
from adtarget.core.money_field import MoneyField
from conversions.choices import EventType, Source
from leads.models import Account, ApiKey, Channel, Lead, Site
from tracker.models import TrackingSession, Visit


class ConversionQuerySet(models.QuerySet["Conversion"]):
    def of_account(self, account: Account) -> "ConversionQuerySet":
        return self.filter(account=account)

    def latest_first(self) -> "ConversionQuerySet":
        return self.order_by("-attributed_at", "-id")


class Conversion(models.Model):
    """One business event of one lead. Its id, or the sender's own, is the event id every platform gets, for life."""

    id = models.CharField(primary_key=True, max_length=40, default=partial(new_id, "cnv"), editable=False)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="conversions", db_index=False)
    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="conversions", db_index=False)
    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="conversions", db_index=False)
    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="conversions", db_index=False)
    telegram_user_id = models.BigIntegerField(help_text="The lead's, kept here so that history is one index read.")
    # Keys are revoked; they go with their account only, as its conversions do.
    api_key = models.ForeignKey(ApiKey, on_delete=models.SET_NULL, null=True, blank=True, db_index=False)
    session = LooseForeignKey(TrackingSession, on_delete=models.SET_NULL, null=True, blank=True)
    visit = LooseForeignKey(Visit, on_delete=models.SET_NULL, null=True, blank=True, related_name="conversions")
    source = models.CharField(max_length=8, choices=Source.choices)
    event_type = models.CharField(max_length=32, choices=EventType.choices)
    custom_event_name = models.CharField(max_length=40, blank=True)
    value = MoneyField(null=True, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    content_name = models.CharField(max_length=512, blank=True)
    order_id = models.CharField(max_length=128, blank=True)
    own_event_id = models.CharField(
        max_length=64, blank=True, default="", help_text="The sender's id of the event; empty where the id is ours."
    )
    external_user_id = models.CharField(max_length=512, blank=True)
    event_time = models.DateTimeField(help_text="When it happened; fixed at acceptance.")
    attributed_at = models.DateTimeField(
        help_text="When it was accepted and matched to its lead; of an imported one when it happened."
    )
    api_visit_override = models.JSONField(
        default=dict, blank=True, help_text="Signals sent with the event; they win over the visit's, field by field."
    )
    pii = models.JSONField(default=dict, blank=True, help_text="Hashes only, by rule name.")
    inherited_pii = models.JSONField(
        default=dict, blank=True, help_text="Hashes that earlier events of the lead gave; the event's own win."
    )
    inherited_since = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="When the oldest inherited hash was given."
    )
    utms = models.JSONField(default=dict, blank=True, help_text="Of the event's own URL, by name.")
    consent = models.JSONField(
        default=dict, blank=True, help_text="What the request said the person agreed to, decoded and as it came in."
    )
    left_out = models.JSONField(
        default=list, blank=True, editable=False, help_text="Values of the request that could not be used, and why."
    )
    is_cold = models.BooleanField(default=False, help_text="No history on the site when it came in.")
    is_test = models.BooleanField(default=False)
    awaiting_manual_input = models.BooleanField(default=False)
    value_submitted_at = models.DateTimeField(null=True, blank=True)

    objects = ConversionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(event_type__in=EventType.values), name="conversion_event_type_is_known"),
            models.CheckConstraint(
                condition=Q(value__isnull=True, currency="") | (Q(value__gt=0) & ~Q(currency="")),
                name="conversion_value_and_currency_come_together",
            ),
            models.CheckConstraint(
                condition=~Q(event_type=EventType.PURCHASE)
                | Q(value__isnull=False)
                | Q(awaiting_manual_input=True)
                | Q(source=Source.WEBHOOK),
                name="purchase_has_a_value_or_awaits_it",
            ),
            models.CheckConstraint(
                condition=~Q(event_type=EventType.CUSTOM) | ~Q(custom_event_name=""), name="custom_event_has_a_name"
            ),
            # By the id first, so that a search for it needs no index of its own.
            models.UniqueConstraint(
                fields=["own_event_id", "site", "is_test"],
                condition=~Q(own_event_id=""),
                name="own_event_id_is_unique_on_its_site",
            ),
        ]
        indexes = [
            models.Index(fields=["account", "telegram_user_id", "-attributed_at"], name="conversion_history"),
            models.Index(fields=["lead", "-attributed_at"], name="conversion_by_lead"),
            models.Index(fields=["site", "-attributed_at"], name="conversion_by_site"),
            models.Index(fields=["channel", "-attributed_at"], name="conversion_by_channel"),
            models.Index(fields=["account", "event_type", "-attributed_at"], name="conversion_by_type"),
            models.Index(
                fields=["account", "external_user_id"],
                name="conversion_by_external_id",
                condition=~Q(external_user_id=""),
            ),
            models.Index(fields=["account", "-attributed_at"], name="conversion_tests", condition=Q(is_test=True)),
            # Holds all that the overview counts, so that it need not look at the rows.
            models.Index(
                fields=["account", "-attributed_at", "is_test", "event_type", "currency", "value", "channel", "visit"],
                name="conversion_by_account",
            ),
            models.Index(fields=["order_id"], name="conversion_by_order", condition=~Q(order_id="")),
            models.Index(
                fields=["inherited_since"], name="conversion_by_inherited", condition=Q(inherited_since__isnull=False)
            ),
            models.Index(
                fields=["account", "event_time"], name="conversion_awaiting", condition=Q(awaiting_manual_input=True)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event_name} {self.pk}"

    @property
    def event_id(self) -> str:
        """What every platform gets on every attempt, for de-duplication."""
        return self.own_event_id or self.pk

    @property
    def api_source(self) -> str:
        """`source` in the API's words, which are three: imported history counts as `api` there."""
        return Source.API if self.source == Source.HISTORY else self.source

    @property
    def left_out_or_none(self) -> list[dict[str, str]] | None:
        return self.left_out or None

    @property
    def event_name(self) -> str:
        """The type, or the custom name where the type is Custom."""
        return self.custom_event_name if self.event_type == EventType.CUSTOM else self.event_type
