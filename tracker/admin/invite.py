"""Invite links."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from adtarget.admin.base import ReadOnlyAdmin
from tracker.models import Invite


class StateFilter(admin.SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(state, state.capitalize()) for state in STATES]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Invite]) -> QuerySet[Invite]:
        wanted = STATES.get(self.value() or "")
        return queryset.filter(**wanted) if wanted else queryset


STATES: dict[str, dict[str, bool]] = {
    "waiting": {"given_at__isnull": True, "revoked_at__isnull": True},
    "given": {"given_at__isnull": False, "used_at__isnull": True, "revoked_at__isnull": True},
    "used": {"used_at__isnull": False},
    "revoked": {"revoked_at__isnull": False},
}


@admin.register(Invite)
class InviteAdmin(ReadOnlyAdmin):
    list_display = ("id", "channel", "link", "creates_join_request", "created_at", "given_at", "used_at", "revoked_at")
    list_filter = (StateFilter, ("channel", admin.RelatedOnlyFieldListFilter))
    search_fields = ("=id", "=link", "=temp_id", "=visit__id")
    list_select_related = ("channel",)
    ordering = ("-created_at",)
