"""Telegram channels."""

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.utils.html import format_html_join

from adtarget.admin.base import AuditedAdmin, BigTableAdmin
from adtarget.admin.display import badge, dashboard_page, link, link_to
from leads import join_events
from leads.forms import ChannelForm
from leads.models import Channel


@admin.register(Channel)
class ChannelAdmin(AuditedAdmin, BigTableAdmin):
    form = ChannelForm
    list_display = ("title", "site_link", "telegram_channel_id", "event_type", "bot_link", "state", "conversions")
    list_filter = ("is_active", "event_type", ("bot_problem", admin.EmptyFieldListFilter))
    list_select_related = ("site", "bot")
    search_fields = ("title", "username", "id__exact", "site__domain", "telegram_channel_id__exact")
    autocomplete_fields = ("site", "bot", "further_bots")
    readonly_fields = ("id", "bot_problem", "pages", "created_at")
    fieldsets = (
        (None, {"fields": ("site", "title", "is_active", "is_default", "funnel_order", "pages")}),
        (
            "Telegram",
            {"fields": ("telegram_channel_id", "username", "bot", "further_bots", "bot_problem", "invite_link")},
        ),
        (
            "What a join means",
            {"fields": ("event_type", "custom_event_name", "value", "currency", "auto_fire", "stay_hours")},
        ),
        ("Who is let in", {"fields": ("uses_join_requests", "auto_approve")}),
        ("Ids", {"fields": ("id", "created_at")}),
    )

    def view_on_site(self, channel: Channel) -> str:
        return dashboard_page("channel", channel.site.account_id, channel.pk)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Its conversions would go with it; a channel that is over is made inactive."""
        return False

    def save_model(self, request: HttpRequest, obj: Channel, form: Any, change: bool) -> None:
        if obj.is_default:
            join_events.make_room_for_default(obj)
        super().save_model(request, obj, form, change)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return (*self.readonly_fields, "site") if obj else self.readonly_fields

    @admin.display(description="Site", ordering="site__domain")
    def site_link(self, channel: Channel) -> str:
        return link_to(channel.site)

    @admin.display(description="Bot")
    def bot_link(self, channel: Channel) -> str:
        return link_to(channel.bot)

    @admin.display(description="State")
    def state(self, channel: Channel) -> str:
        if not channel.is_active:
            return badge("inactive", "skipped")
        return badge("bot trouble", "warning") if channel.bot_problem else badge("active", "sent")

    @admin.display(description="Conversions")
    def conversions(self, channel: Channel) -> str:
        query = f"?channel__id__exact={channel.pk}"
        return link("conversions_conversion_changelist", text="conversions", query=query)

    @admin.display(description="Pages")
    def pages(self, channel: Channel) -> str:
        if channel._state.adding:
            return "—"
        query = f"?channel__id__exact={channel.pk}"
        pages = [
            self.conversions(channel),
            link("tracker_join_changelist", text="joins", query=query),
            link("tracker_invite_changelist", text="invites", query=query),
            link("tracker_unattributableclick_changelist", text="clicks without a visit", query=query),
        ]
        return format_html_join(" · ", "{}", ((page,) for page in pages))
