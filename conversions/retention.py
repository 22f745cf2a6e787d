"""Blanks personal data that no send needs any more: addresses, user agents, hashes, payloads."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

import structlog
from django.conf import settings
from django.db.models import Model, QuerySet

from conversions.models import Conversion
from dispatch.models import Attempt
from tracker.models import Visit

log = structlog.get_logger(__name__)

NOTHING_INHERITED: dict[str, Any] = {"inherited_pii": {}, "inherited_since": None}
AT_ONCE = 1000  # rows a statement, so that no request waits long for it

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True, slots=True)
class Forgotten:
    """Rows that lost their personal fields."""

    visits: int
    conversions: int
    attempts: int


def forget_old(now: datetime) -> Forgotten:
    """Blanks what is older than PERSONAL_DATA_DAYS; figures, campaigns and states stay."""
    before = now - timedelta(days=settings.PERSONAL_DATA_DAYS)
    visits = Visit.objects.filter(visited_at__lt=before).exclude(client_ip="", user_agent="", city="", parameters={})
    conversions = Conversion.objects.filter(attributed_at__lt=before).exclude(
        pii={}, api_visit_override={}, inherited_pii={}
    )
    heirs = Conversion.objects.filter(inherited_since__lt=before)  # of hashes older than they are themselves
    attempts = Attempt.objects.filter(started_at__lt=before).exclude(request={}, response="")
    forgotten = Forgotten(
        visits=sum(chunk.update(client_ip="", user_agent="", city="", parameters={}) for chunk in _chunks(visits)),
        conversions=sum(
            chunk.update(pii={}, api_visit_override={}, **NOTHING_INHERITED) for chunk in _chunks(conversions)
        )
        + sum(chunk.update(**NOTHING_INHERITED) for chunk in _chunks(heirs)),
        attempts=sum(chunk.update(request={}, response="") for chunk in _chunks(attempts)),
    )
    log.info("old personal data forgotten", before=before.isoformat(), **asdict(forgotten))
    return forgotten


def _chunks(rows: QuerySet[Row]) -> Iterator[QuerySet[Row]]:
    """Ranges of keys: each row is read once; older rows were blanked by earlier runs."""
    last = None
    while True:
        after = rows.order_by("pk") if last is None else rows.filter(pk__gt=last).order_by("pk")
        keys = list(after.values_list("pk", flat=True)[:AT_ONCE])
        if not keys:
            return
        yield rows.model._default_manager.filter(pk__in=keys)
        last = keys[-1]
