"""Admin pages of alerts: what was open, who was notified, what could not be delivered."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString

from adtarget.admin.base import AuditedAdmin, BigTableAdmin, ReadOnlyAdmin, ReadOnlyInline
from adtarget.admin.display import badge, moment
from adtarget.alerts.forms import AlertForm
from adtarget.alerts.models import Alert, AlertSettings, Notice


class NoticeInline(ReadOnlyInline):
    model = Notice
    show_change_link = False
    fields = ("occasion", "route", "created_at", "sent_at", "due_at", "attempts", "error")


@admin.register(Alert)
class AlertAdmin(ReadOnlyAdmin):
    list_display = ("opened", "kind", "account", "text", "state")
    list_filter = ("kind", ("resolved_at", admin.EmptyFieldListFilter))
    list_select_related = ("account",)
    search_fields = ("pk", "subject__exact", "account__name")
    search_help_text = "An alert's id, the id of what it is about, or the account's name."
    fields = ("account", "kind", "subject", "text", "opened", "told", "resolved")
    readonly_fields = fields
    inlines = (NoticeInline,)

    @admin.display(description="Opened", ordering="opened_at")
    def opened(self, alert: Alert) -> str:
        return moment(alert.opened_at)

    @admin.display(description="Told last")
    def told(self, alert: Alert) -> str:
        return moment(alert.told_at)

    @admin.display(description="Over")
    def resolved(self, alert: Alert) -> str:
        return moment(alert.resolved_at)

    @admin.display(description="State")
    def state(self, alert: Alert) -> SafeString:
        return badge("over", "sent") if alert.resolved_at else badge("open", "warning")


@admin.register(AlertSettings)
class AlertSettingsAdmin(AuditedAdmin, BigTableAdmin):
    form = AlertForm
    fields = ("account", "watched", *AlertForm.Meta.fields, "addresses")
    list_display = ("account", "silence_hours", "failure_percent", "values_hours")
    list_select_related = ("account",)
    search_fields = ("account__name",)
    autocomplete_fields = ("account", "telegram_bot")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("account",) if obj else ()
