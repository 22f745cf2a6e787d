"""Tables of a channel's page: joins by day and by route."""

from adtarget.dashboard.channels.join_figures import JoinKind, Joins, kind_of
from adtarget.dashboard.periods import Period
from adtarget.dashboard.tables import Table
from adtarget.templatetags.dashboard import share
from tracker.choices import Route, Tap


def days_table(joins: Joins, period: Period) -> Table:
    rows = [[day, *(joins.by_day[kind][day] for kind in JoinKind)] for day in period.days]
    return Table("days", "Joins by day", ["Day", *(kind.label for kind in JoinKind)], rows)


def routes_table(joins: Joins) -> Table:
    """Each route with what it means; those who came back were counted by the route of their first time."""
    rows: list[list[object]] = [
        [_evidence(route, tap), route, kind_of(route, tap).label, count, share(count, joins.total)]
        for (route, tap), count in sorted(joins.by_evidence.items(), key=lambda item: (-item[1], item[0]))
    ]
    if joins.came_back:
        rows.append([Route.REJOIN.label, Route.REJOIN, "In the rows above", joins.came_back, "–"])
    header = ["How they came, or why it is unknown", "Route", "Counts as", "Joins", "Share"]
    return Table("routes", "Routes", header, rows, texts=3)


def _evidence(route: Route, tap: str) -> str:
    return f"{route.label}; {Tap(tap).label}" if tap else route.label
