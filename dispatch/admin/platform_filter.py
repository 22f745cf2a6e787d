"""Filters an admin list by platform; the names come from the registry, so that no table is read for them."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from dispatch.platforms.registry import choices


class PlatformFilter(admin.SimpleListFilter):
    title = "platform"
    parameter_name = "platform__exact"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return choices()

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(platform=self.value()) if self.value() else queryset
