"""Visits, clicks, invites, joins and Telegram's updates, to look at; an update that failed can be tried again."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html_join

from adtarget.admin.base import ReadOnlyAdmin, link
from tracker.models import Invite, Join, TelegramUpdate, UnattributableClick, Visit
from tracker.telegram import intake


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


@admin.register(UnattributableClick)
class UnattributableClickAdmin(ReadOnlyAdmin):
    """Somebody tapped and got the channel's own link, with why."""

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
