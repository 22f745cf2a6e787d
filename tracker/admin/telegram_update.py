"""Updates from Telegram; one that failed can be tried again."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from adtarget.admin.base import ReadOnlyAdmin
from tracker.models import TelegramUpdate
from tracker.telegram import intake


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
