"""/metrics: figures of the whole installation in Prometheus' text format."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import Count, F, Q
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from adtarget.core.cached import kept
from adtarget.core.unreadable_messages import count_dropped
from adtarget.operating.readiness import deliverable, missing_partitions, oldest_due_seconds
from dispatch.choices import Counted
from dispatch.models import Pixel, Receipt, Send
from leads.models import UnreadableRow

METRICS_KEPT_SECONDS = 10  # several scrapers cost one count


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus' text format, counted in the database, so that every web process says the same."""
    text = kept("metrics", seconds=METRICS_KEPT_SECONDS, make=lambda: render_metrics(timezone.now()).decode())
    return HttpResponse(text, content_type="text/plain; version=0.0.4; charset=utf-8")


def render_metrics(now: datetime) -> bytes:
    registry = CollectorRegistry()
    registry.register(_Collector(now))
    return generate_latest(registry)


class _Collector:
    def __init__(self, now: datetime) -> None:
        self.now = now

    def collect(self) -> Iterator[Metric]:
        yield self._sends()
        due = deliverable(self.now).count()
        yield GaugeMetricFamily("adtarget_sends_due", "Sends a worker should take now.", value=due)
        oldest = oldest_due_seconds(self.now)
        yield GaugeMetricFamily("adtarget_sends_oldest_due_seconds", "How late the oldest of them is.", value=oldest)
        yield self._pixels()
        yield self._receipts()
        unreadable = "Rows of the database that cannot be read."
        yield GaugeMetricFamily("adtarget_unreadable_rows", unreadable, value=UnreadableRow.objects.count())
        ahead = "Partitioned tables without a partition for the rows to come."
        count = len(missing_partitions(self.now))
        yield GaugeMetricFamily("adtarget_partitions_missing", ahead, value=count)
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
