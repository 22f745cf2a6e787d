"""The overview's tables, as the page shows them and the export writes them."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from adtarget.dashboard.overview.queries import Happened, Health, Source, Step
from adtarget.dashboard.periods import Period
from adtarget.dashboard.tables import Table
from adtarget.templatetags.dashboard import money, share
from dispatch.choices import SendStatus
from dispatch.reasons import words_of


def revenue_text(revenue: Mapping[str, Decimal]) -> str:
    """`1,234.50 EUR + 20.00 USD`, the most first."""
    parts = sorted(revenue.items(), key=lambda item: -item[1])
    return " + ".join(money(total, currency) for currency, total in parts) or "–"


def _plain(amount: Decimal) -> str:
    """`1234.50`: every digit of the amount, at least two places."""
    return f"{amount:.2f}" if amount == round(amount, 2) else f"{amount.normalize():f}"


def days_table(found: Happened, period: Period) -> Table:
    types, currencies = sorted(found.by_type), sorted(found.revenue)
    rows = [
        [
            day,
            *(found.by_type[event_type].get(day, 0) for event_type in types),
            *(_plain(found.revenue_by_day[currency].get(day, Decimal())) for currency in currencies),
        ]
        for day in period.days
    ]
    return Table("days", "Conversions and revenue by day", ["Day", *types, *currencies], rows)


def sources_table(found: Sequence[Source]) -> Table:
    rows = [
        [
            entry.source or "(none)",
            entry.campaign,
            entry.ad,
            entry.conversions,
            entry.purchases,
            revenue_text(entry.revenue),
        ]
        for entry in found
    ]
    header = ["Source", "Campaign", "Ad", "Conversions", "Purchases", "Revenue"]
    return Table("sources", "Where they came from", header, rows, texts=3)


def funnel_table(steps: Sequence[Step]) -> Table:
    rows = [
        [
            step.channel.title if step.channel else step.site.domain,
            None if step.channel else step.visits,
            step.clicks,
            step.joins,
            step.purchases,
            share(step.organic, step.joins),
            share(step.left, step.joins),
        ]
        for step in steps
    ]
    header = ["Site and channel", "Visits", "Invite clicks", "Joins", "Purchases", "Organic", "Left since"]
    bold = frozenset(number for number, step in enumerate(steps) if step.channel is None)
    return Table("funnel", "How far they went", header, rows, bold=bold)


def health_table(found: Sequence[Health], before: Sequence[Health]) -> Table:
    earlier = {entry.platform: entry for entry in before}
    rows = [
        [
            entry.name,
            *(entry.by_status[status] for status in SendStatus),
            share(entry.sent, entry.total),
            share(earlier[entry.platform].sent, earlier[entry.platform].total) if entry.platform in earlier else "–",
            ", ".join(f"{words_of(reason).label}: {count}" for reason, count in entry.reasons.most_common(3)) or "–",
        ]
        for entry in found
    ]
    header = ["Platform", *(status.label for status in SendStatus), "Share sent", "Before", "Top reasons"]
    return Table("delivery", "Delivery", header, rows)
