"""Whether the product works: /healthz for the process, /readyz for all it needs."""

import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Min, Q
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from adtarget.core import heartbeat
from adtarget.core.partitions import ranges
from dispatch.models import Send
from leads.models import UnreadableRow
from tracker.partitions import SESSIONS, VISITS

CHECK_SECONDS = 1.0
OVERDUE_SECONDS = 5 * 60  # a send this late means that no worker delivers, whatever the heartbeats say

# A check that hangs is answered for after a second and left behind; the pool bounds how many may hang.
_threads = ThreadPoolExecutor(max_workers=8, thread_name_prefix="readyz")


@require_safe
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """200 while this process answers."""
    return JsonResponse({"status": "ok"})


@require_safe
@never_cache
def readyz(request: HttpRequest) -> HttpResponse:
    """200 when database, broker and a worker are there and nothing waits too long; else 503 and which."""
    checks = run_checks(CHECKS)
    is_ready = all(check["ok"] for check in checks.values())
    return JsonResponse(
        {"status": "ready" if is_ready else "not ready", "checks": checks}, status=200 if is_ready else 503
    )


Check = Callable[[], dict[str, Any]]


def run_checks(checks: dict[str, Check]) -> dict[str, dict[str, Any]]:
    """Runs all checks at once, a second each. Failures are named by kind only, because the endpoint is public."""
    running = {name: _threads.submit(_with_own_connection, check) for name, check in checks.items()}
    return {name: _outcome(future) for name, future in running.items()}


def _with_own_connection(check: Check) -> dict[str, Any]:
    try:
        return check()
    finally:
        connection.close()


def _outcome(future: Future[dict[str, Any]]) -> dict[str, Any]:
    try:
        return future.result(timeout=CHECK_SECONDS)
    except TimeoutError:
        future.cancel()
        return {"ok": False, "problem": f"no answer within {CHECK_SECONDS:g} s"}
    except Exception as error:  # whatever is wrong there, this page answers
        return {"ok": False, "problem": type(error).__name__}


def database() -> dict[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return {"ok": True}


def broker() -> dict[str, Any]:
    if settings.EMBEDDED:
        return {"ok": os.access(Path(settings.BROKER_DIR) / "queue", os.W_OK)}
    return {"ok": bool(heartbeat.client().ping())}


def workers() -> dict[str, Any]:
    """The workers seen lately; each reports every DISPATCH_SWEEP_SECONDS."""
    seen = heartbeat.seen_within(max(15, 3 * settings.DISPATCH_SWEEP_SECONDS))
    return {"ok": bool(seen), "seen": len(seen)}


def sends() -> dict[str, Any]:
    seconds = oldest_due_seconds(timezone.now())
    return {"ok": seconds <= OVERDUE_SECONDS, "oldestDueSeconds": round(seconds)}


def rows() -> dict[str, Any]:
    """Rows that cannot be read. They stop nothing, so the service is ready beside them."""
    return {"ok": True, "unreadable": UnreadableRow.objects.count()}


def partitions() -> dict[str, Any]:
    """Tables without a partition for the rows to come. Such rows are kept all the same, so the service is ready."""
    return {"ok": True, "missing": missing_partitions(timezone.now())}


CHECKS: dict[str, Check] = {
    "database": database,
    "broker": broker,
    "workers": workers,
    "sends": sends,
    "rows": rows,
    "partitions": partitions,
}


def missing_partitions(now: datetime) -> list[str]:
    """The partitioned tables whose next partition is missing: the scheduled task has not run for weeks."""
    return [table.name for table in (VISITS, SESSIONS) if ranges.missing(table, now)]


def oldest_due_seconds(now: datetime) -> float:
    """How long the oldest deliverable send has waited past its due date."""
    oldest = deliverable(now).aggregate(oldest=Min("due_at"))["oldest"]
    return max((now - oldest).total_seconds(), 0.0) if oldest else 0.0


def deliverable(now: datetime) -> Any:
    """Due sends whose pixel is neither paused nor left alone by its breaker."""
    left_alone = Q(pixel__paused_at__isnull=False) | Q(pixel__breaker_until__gt=now)
    return Send.objects.due(now).exclude(left_alone)
