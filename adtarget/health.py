"""The endpoints for supervisors, load balancers and Prometheus: /healthz, /readyz, /metrics."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Count, F, Min, Q
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from adtarget.core import heartbeat
from adtarget.core.cached import kept
from adtarget.core.unreadable_messages import count_dropped
from dispatch.choices import Counted
from dispatch.models import Pixel, Receipt, Send
from leads.models import UnreadableRow

CHECK_SECONDS = 1.0
OVERDUE_SECONDS = 5 * 60  # a send this late means that no worker delivers, whatever the heartbeats say
METRICS_KEPT_SECONDS = 10  # several scrapers cost one count

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
    checks = run_checks({"database": database, "broker": broker, "workers": workers, "sends": sends, "rows": rows})
    is_ready = all(check["ok"] for check in checks.values())
    return JsonResponse(
        {"status": "ready" if is_ready else "not ready", "checks": checks}, status=200 if is_ready else 503
    )


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus' text format, counted in the database, so that every web process says the same."""
    text = kept("metrics", seconds=METRICS_KEPT_SECONDS, make=lambda: render_metrics(timezone.now()).decode())
    return HttpResponse(text, content_type="text/plain; version=0.0.4; charset=utf-8")


# ------------------------------------------------------------------ readiness
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


def oldest_due_seconds(now: datetime) -> float:
    """How long the oldest deliverable send has waited past its due date."""
    oldest = _deliverable(now).aggregate(oldest=Min("due_at"))["oldest"]
    return max((now - oldest).total_seconds(), 0.0) if oldest else 0.0


def _deliverable(now: datetime) -> Any:
    """Due sends whose pixel is neither paused nor left alone by its breaker."""
    left_alone = Q(pixel__paused_at__isnull=False) | Q(pixel__breaker_until__gt=now)
    return Send.objects.due(now).exclude(left_alone)


# ------------------------------------------------------------------ metrics
def render_metrics(now: datetime) -> bytes:
    registry = CollectorRegistry()
    registry.register(_Collector(now))
    return generate_latest(registry)


class _Collector:
    def __init__(self, now: datetime) -> None:
        self.now = now

    def collect(self) -> Iterator[Metric]:
        yield self._sends()
        due = _deliverable(self.now).count()
        yield GaugeMetricFamily("adtarget_sends_due", "Sends a worker should take now.", value=due)
        oldest = oldest_due_seconds(self.now)
        yield GaugeMetricFamily("adtarget_sends_oldest_due_seconds", "How late the oldest of them is.", value=oldest)
        yield self._pixels()
        yield self._receipts()
        unreadable = "Rows of the database that cannot be read."
        yield GaugeMetricFamily("adtarget_unreadable_rows", unreadable, value=UnreadableRow.objects.count())
        dropped = "Messages of the queue that no worker could read."
        yield CounterMetricFamily("adtarget_unreadable_messages", dropped, value=count_dropped())

    def _sends(self) -> Metric:
        family = GaugeMetricFamily("adtarget_sends", "Sends by what became of them.", labels=["platform", "status"])
        for row in Send.objects.values("platform", "status").annotate(count=Count("pk")).order_by():
            family.add_metric([row["platform"], row["status"]], row["count"])
        return family

    def _receipts(self) -> Metric:
        help_text = "Requests accepted in the last 24 hours by what the platform said later."
        family = GaugeMetricFamily("adtarget_receipts", help_text, labels=["counted"])
        of_a_day = Receipt.objects.filter(accepted_at__gte=self.now - timedelta(days=1))
        found = dict(of_a_day.values_list("counted").annotate(count=Count("pk")).order_by())
        for counted in Counted.values:
            family.add_metric([counted], found.get(counted, 0))
        return family

    def _pixels(self) -> Metric:
        family = GaugeMetricFamily("adtarget_pixels", "Active pixels by state.", labels=["platform", "state"])
        rows = (
            Pixel.objects.active()
            .values(slug=F("platform"))
            .annotate(
                paused=Count("pk", filter=Q(paused_at__isnull=False)),
                waiting=Count("pk", filter=Q(paused_at__isnull=True, breaker_until__gt=self.now)),
                every=Count("pk"),
            )
        )
        for row in rows.order_by():
            open_ = row["every"] - row["paused"] - row["waiting"]
            for state, count in (("open", open_), ("paused", row["paused"]), ("breaker_open", row["waiting"])):
                family.add_metric([row["slug"], state], count)
        return family
