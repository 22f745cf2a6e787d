"""Visits, invites, joins and Telegram's updates, to look at; an update that failed can be tried again."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from tracker.models import Invite, Join, TelegramUpdate, Visit
from tracker.telegram import intake


class ReadOnlyAdmin(admin.ModelAdmin):
    """What the tracker writes is evidence: nobody edits it."""

    show_full_result_count = False
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Visit)
class VisitAdmin(ReadOnlyAdmin):
    list_display = ("id", "site", "visited_at", "url", "clicks", "utm_source", "utm_campaign", "country")
    list_filter = (("site", admin.RelatedOnlyFieldListFilter), "visited_at")
    search_fields = ("=id", "=temp_id", "=external_user_id", "=gclid", "=ttclid", "=sccid", "=fbc")
    list_select_related = ("site",)
    ordering = ("-visited_at",)

    @admin.display(description="Click ids")
    def clicks(self, visit: Visit) -> str:
        names = ("fbc", "gclid", "gbraid", "wbraid", "ttclid", "sccid")
        return ", ".join(name for name in names if getattr(visit, name))


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


@admin.register(TelegramUpdate)
class TelegramUpdateAdmin(ReadOnlyAdmin):
    list_display = ("update_id", "bot", "received_at", "processed_at", "failures", "due_at", "error")
    list_filter = (
        ("bot", admin.RelatedOnlyFieldListFilter),
        ("processed_at", admin.EmptyFieldListFilter),
        "received_at",
    )
    search_fields = ("=update_id",)
    list_select_related = ("bot",)
    ordering = ("-received_at",)
    actions = ("work_again",)

    def has_work_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("tracker.change_telegramupdate")

    @admin.action(description="Try again now", permissions=["work"])
    def work_again(self, request: HttpRequest, chosen: QuerySet[TelegramUpdate]) -> None:
        """Works those that are still open; what is done stays done."""
        now = timezone.now()
        row_ids = list(chosen.filter(processed_at__isnull=True).values_list("pk", flat=True))
        for row_id in row_ids:
            intake.work(row_id, now=now)
        done = TelegramUpdate.objects.filter(pk__in=row_ids, processed_at__isnull=False).count()
        self.message_user(request, f"{done} of {len(row_ids)} open updates are done.")
