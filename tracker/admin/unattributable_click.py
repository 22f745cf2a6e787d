"""Taps that got the channel's own link, with why."""

from django.contrib import admin

from adtarget.admin.base import ReadOnlyAdmin
from adtarget.admin.display import link
from tracker.models import UnattributableClick


@admin.register(UnattributableClick)
class UnattributableClickAdmin(ReadOnlyAdmin):
    """One tap, with the reason why it got the channel's own link."""

    list_display = ("clicked_at", "channel", "reason", "visit_link")
    list_filter = ("reason", ("channel", admin.RelatedOnlyFieldListFilter), "clicked_at")
    search_fields = ("=visit__id", "=visit__temp_id", "=channel__id")
    search_help_text = "Id of the visit, the visitor or the channel, whole."
    list_select_related = ("channel",)
    ordering = ("-clicked_at",)
    fields = ("clicked_at", "channel", "reason", "visit_link")
    readonly_fields = fields

    @admin.display(description="Visit")
    def visit_link(self, click: UnattributableClick) -> str:
        return link("tracker_visit_change", click.visit_id, text=click.visit_id) if click.visit_id else "—"
