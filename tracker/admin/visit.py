"""Visits."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html_join

from adtarget.admin.base import ReadOnlyAdmin
from adtarget.admin.display import link
from dispatch.platforms import registry
from tracker.models import Visit


@admin.register(Visit)
class VisitAdmin(ReadOnlyAdmin):
    list_display = ("id", "site", "visited_at", "url", "clicks", "utm_source", "utm_campaign", "country")
    list_filter = (("site", admin.RelatedOnlyFieldListFilter), "visited_at")
    search_fields = ("=id", "=temp_id", "=external_user_id")
    list_select_related = ("site",)
    ordering = ("-visited_at",)

    def get_search_fields(self, request: HttpRequest) -> Any:
        """Ids and the click ids of every platform, each whole."""
        columns = {field.name for field in Visit._meta.concrete_fields}
        paths = (name if name in columns else f"more_ids__{name}" for name in registry.click_fields())
        networks = (f"parameters__{name}" for name in registry.kept_parameters())
        return [*self.search_fields, *(f"={path}" for path in (*paths, *networks))]

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
        names = registry.click_fields()
        found = [name for name in names if getattr(visit, name, "") or visit.more_ids.get(name)]
        return ", ".join([*found, *visit.parameters])
