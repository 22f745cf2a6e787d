"""Visits."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html_join

from adtarget.admin.base import ReadOnlyAdmin
from adtarget.admin.display import link
from tracker.models import Visit


@admin.register(Visit)
class VisitAdmin(ReadOnlyAdmin):
    list_display = ("id", "site", "visited_at", "url", "clicks", "utm_source", "utm_campaign", "country")
    list_filter = (("site", admin.RelatedOnlyFieldListFilter), "visited_at")
    search_fields = ("=id", "=temp_id", "=external_user_id", "=gclid", "=ttclid", "=sccid", "=fbc")
    list_select_related = ("site",)
    ordering = ("-visited_at",)

    def get_fields(self, request: HttpRequest, obj: Visit | None = None) -> Any:
        return ["ways", *super().get_fields(request, obj)]

    def get_readonly_fields(self, request: HttpRequest, obj: Visit | None = None) -> Any:
        return ["ways", *super().get_readonly_fields(request, obj)]

    @admin.display(description="What became of it")
    def ways(self, visit: Visit) -> str:
        kinds = {"join": "joins", "invite": "invites", "unattributableclick": "clicks that lead back to nobody"}
        query = f"?visit__id__exact={visit.pk}"
        links = ((link(f"tracker_{model}_changelist", text=text, query=query),) for model, text in kinds.items())
        return format_html_join(" · ", "{}", links)

    @admin.display(description="Click ids")
    def clicks(self, visit: Visit) -> str:
        names = ("fbc", "gclid", "gbraid", "wbraid", "ttclid", "sccid")
        return ", ".join(name for name in names if getattr(visit, name))
