"""Attempts, shown beside their send."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import flatten_fieldsets
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from adtarget.admin.display import badge, moment, pretty_json
from dispatch import explaining
from dispatch.choices import Outcome
from dispatch.models import Attempt

OUTCOME_KINDS = {
    Outcome.ACCEPTED: "sent",
    Outcome.REJECTED: "failed",
    Outcome.AUTH: "failed",
    Outcome.UNTOUCHED: "skipped",
}


class AttemptInline(admin.StackedInline):
    model = Attempt
    extra = 0
    can_delete = False
    ordering = ("number", "pk")
    fields = (
        ("shown_outcome", "started", "took", "http_status", "code", "batch_size"),
        "meaning",
        "message",
        "trace_id",
        "shown_notes",
        "shown_request",
        "shown_response",
        "said_later",
    )
    readonly_fields = flatten_fieldsets([(None, {"fields": fields})])

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Attempt]:
        return super().get_queryset(request).select_related("send", "receipt")

    @admin.display(description="Outcome")
    def shown_outcome(self, attempt: Attempt) -> SafeString:
        outcome = Outcome(attempt.outcome)
        return badge(outcome.label, OUTCOME_KINDS.get(outcome, "pending"))

    @admin.display(description="Left out")
    def shown_notes(self, attempt: Attempt) -> str:
        return " ".join(attempt.notes) or "—"

    @admin.display(description="Started")
    def started(self, attempt: Attempt) -> str:
        return moment(attempt.started_at)

    @admin.display(description="Took")
    def took(self, attempt: Attempt) -> str:
        return "—" if attempt.duration_ms is None else f"{attempt.duration_ms:,} ms"

    @admin.display(description="What it means")
    def meaning(self, attempt: Attempt) -> str:
        return explaining.explain(attempt.outcome, attempt.code, platform=attempt.send.platform)

    @admin.display(description="Sent")
    def shown_request(self, attempt: Attempt) -> str:
        return pretty_json(attempt.request)

    @admin.display(description="Answer")
    def shown_response(self, attempt: Attempt) -> str:
        return pretty_json(attempt.response)

    @admin.display(description="Said later")
    def said_later(self, attempt: Attempt) -> str:
        return explaining.explain_receipt(attempt.receipt) if attempt.receipt else "—"
