"""Filters of the list of sends."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from dispatch import queries
from dispatch.choices import SendStatus
from dispatch.models import Attempt, Send

SLOW_MS = 3000


SLOW_WITHIN = timedelta(days=7)


def _token_refused(sends: QuerySet[Send]) -> QuerySet[Send]:
    return sends.filter(status=SendStatus.PENDING, pixel__paused_at__isnull=False)


def _slow(sends: QuerySet[Send]) -> QuerySet[Send]:
    slow = Exists(Attempt.objects.filter(send=OuterRef("pk"), duration_ms__gte=SLOW_MS))
    return sends.filter(slow, created_at__gte=timezone.now() - SLOW_WITHIN)


class QuestionFilter(admin.SimpleListFilter):
    """The questions ops come with."""

    title = "question"
    parameter_name = "question"

    QUESTIONS: dict[str, tuple[str, Callable[[Any], QuerySet[Send]]]] = {
        "stuck": ("Stuck: overdue or failing again and again", lambda sends: queries.stuck(timezone.now(), sends)),
        "failed": (
            "Failed in the last 24 hours",
            lambda sends: queries.failed_since(timezone.now() - queries.A_DAY, sends),
        ),
        "token": ("Waiting for a paused pixel", _token_refused),
        "uncounted": ("Accepted, but not counted: said later by Google", queries.not_counted),
        "slow": ("Slow: an answer took over 3 s, last 7 days", _slow),
    }

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, title) for name, (title, _find) in self.QUESTIONS.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Send]) -> QuerySet[Send]:
        asked = self.QUESTIONS.get(self.value() or "")
        return asked[1](queryset) if asked else queryset
