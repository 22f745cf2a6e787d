"""Joins."""

from django.contrib import admin

from adtarget.admin.base import ReadOnlyAdmin
from tracker.models import Join


@admin.register(Join)
class JoinAdmin(ReadOnlyAdmin):
    list_display = (
        "person",
        "channel",
        "route",
        "visit",
        "requested_at",
        "joined_at",
        "left_at",
        "rejoins",
        "counted_at",
    )
    list_filter = ("route", ("channel", admin.RelatedOnlyFieldListFilter), "joined_at")
    search_fields = ("=lead__telegram_user_id", "=visit__id", "=invite__link")
    list_select_related = ("channel", "lead", "visit")
    ordering = ("-pk",)

    @admin.display(description="Telegram user", ordering="lead__telegram_user_id")
    def person(self, join: Join) -> int:
        return join.lead.telegram_user_id
