"""What failed of one pixel, by cause, so that it can be sent again once the cause is fixed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Max, Q

from dispatch import replaying
from dispatch.choices import SendStatus
from dispatch.explaining import meaning
from dispatch.models import Pixel, Send
from dispatch.models.send import SendQuerySet
from dispatch.reasons import words_of

#: Sends that one order takes: each thousand is a transaction of its own, and a page waits for all of them.
MOST = 20_000
#: Causes shown; the most frequent.
MOST_CAUSES = 20


@dataclass(frozen=True, slots=True)
class Cause:
    """One reason and code for which sends of a pixel failed. `possible` can be sent again; the others say why not."""

    reason: str
    code: str
    message: str
    failed: int
    last_at: datetime
    possible: int
    refused: dict[str, int]

    @property
    def explanation(self) -> str:
        return self.message or words_of(self.reason).meaning

    @property
    def label(self) -> str:
        return words_of(self.reason).label


def causes(pixel: Pixel, *, since: datetime, now: datetime) -> list[Cause]:
    """Why sends of the pixel that were accepted since then failed, the most frequent cause first."""
    counted = (
        _failed(pixel, since)
        .values("reason", "error_code")
        .annotate(failed=Count("pk"), last_at=Max("created_at"))
        .order_by("-failed", "reason", "error_code")
    )
    return [_cause(pixel, row, since=since, now=now) for row in counted[:MOST_CAUSES]]


def failed_for(pixel: Pixel, *, reason: str, code: str, since: datetime) -> SendQuerySet:
    """The pixel's failed sends of one cause, the oldest first, as many as one order takes."""
    found = _failed(pixel, since).filter(reason=reason, error_code=code).order_by("created_at")
    return Send.objects.filter(pk__in=list(found.values_list("pk", flat=True)[:MOST]))


def _failed(pixel: Pixel, since: datetime) -> SendQuerySet:
    return Send.objects.filter(pixel=pixel, status=SendStatus.FAILED, created_at__gte=since).filter(~Q(reason=""))


def _cause(pixel: Pixel, row: Mapping[str, Any], *, since: datetime, now: datetime) -> Cause:
    sends = failed_for(pixel, reason=row["reason"], code=row["error_code"], since=since)
    said = sends.order_by("-created_at").values_list("error_message", flat=True).first()
    outcomes = replaying.examine(replaying.Order.REPLAY, sends, now=now)
    return Cause(
        reason=row["reason"],
        code=row["error_code"],
        message=meaning(pixel.platform, row["error_code"]) or said or "",
        failed=row["failed"],
        last_at=row["last_at"],
        possible=outcomes.done,
        refused={why: len(ids) for why, ids in outcomes.refused.items()},
    )
