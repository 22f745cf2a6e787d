"""The figures agree with the rows they count."""

import csv
import io
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.utils import timezone

from adtarget.dashboard import charts
from adtarget.dashboard.overview import tables
from adtarget.dashboard.overview.queries import Figures
from adtarget.dashboard.periods import Period
from adtarget.templatetags.dashboard import money
from dispatch.choices import Reason
from leads.models import Account, Channel
from tests.factories import (
    ChannelFactory,
    ConversionFactory,
    InviteFactory,
    JoinFactory,
    PixelFactory,
    SendFactory,
    VisitFactory,
)

MAY = Period(date(2026, 5, 1), date(2026, 5, 31))
NOON = datetime(2026, 5, 10, 12, tzinfo=UTC)


def at(conversion_of: Channel, moment: datetime = NOON, **values: object):
    return ConversionFactory(channel=conversion_of, event_time=moment, attributed_at=moment, **values)


def test_conversions_and_revenue_are_counted_by_day(account: Account, channel: Channel) -> None:
    at(channel)
    at(channel, purchase=True)
    at(channel, purchase=True, value=Decimal("10"), currency="USD")
    at(channel, NOON + timedelta(days=1), purchase=True)
    found = Figures(account, MAY).happened()
    assert found.count == 4
    assert found.revenue == {"EUR": Decimal("99.8"), "USD": Decimal("10")}
    assert found.by_type == {"Lead": {NOON.date(): 1}, "Purchase": {NOON.date(): 2, date(2026, 5, 11): 1}}


def test_tests_others_and_other_months_count_nowhere(
    account: Account, channel: Channel, stranger_channel: Channel
) -> None:
    at(channel, test=True)
    at(stranger_channel)
    at(channel, MAY.since - timedelta(seconds=1))
    at(channel, MAY.until)
    SendFactory(conversion=at(stranger_channel), created_at=NOON)
    JoinFactory(channel=stranger_channel, joined_at=NOON)
    VisitFactory(site=stranger_channel.site, visited_at=NOON)
    assert Figures(account, MAY).happened().count == 0
    assert Figures(account, MAY).sources() == []
    assert Figures(account, MAY).health() == []
    assert Figures(account, MAY).joined() == (0, 0, 0)
    assert [step.site.account for step in Figures(account, MAY).funnel()] == [account, account]


def test_a_day_is_the_viewers_day(account: Account, channel: Channel) -> None:
    at(channel, datetime(2026, 5, 31, 23, 30, tzinfo=UTC))
    assert Figures(account, MAY).happened().count == 1
    with timezone.override("Asia/Kathmandu"):  # 5:45 ahead
        assert Figures(account, MAY).happened().count == 0
        june = Figures(account, Period(date(2026, 6, 1), date(2026, 6, 1))).happened()
    assert june.by_type == {"Lead": {date(2026, 6, 1): 1}}


def test_sources_are_told_apart_by_campaign_and_ad(account: Account, channel: Channel) -> None:
    for campaign, count in (("spring", 2), ("autumn", 1)):
        for _ in range(count):
            visit = VisitFactory(site=channel.site, utm_source="facebook", utm_campaign=campaign)
            at(channel, purchase=True, visit=visit)
    at(channel)
    rows = [
        [entry.source, entry.campaign, entry.conversions, entry.purchases] for entry in Figures(account, MAY).sources()
    ]
    assert rows == [["facebook", "spring", 2, 2], ["", "", 1, 0], ["facebook", "autumn", 1, 1]]


def test_a_funnel_goes_from_visit_to_purchase(account: Account, channel: Channel) -> None:
    other = ChannelFactory(site=channel.site, funnel_order=30_000)
    visits = VisitFactory.create_batch(3, site=channel.site, visited_at=NOON)
    for visit in visits[:2]:
        InviteFactory(channel=channel, visit=visit, given_at=NOON)
    JoinFactory(channel=channel, visit=visits[0], joined_at=NOON, left_at=NOON)
    JoinFactory(channel=channel, joined_at=NOON)
    JoinFactory(channel=other, visit=visits[0], joined_at=NOON)
    at(other, purchase=True)
    at(other, awaiting_value=True)
    whole, first, second = Figures(account, MAY).funnel()
    assert (whole.visits, whole.clicks, whole.joins, whole.organic, whole.left, whole.purchases) == (3, 2, 3, 1, 1, 1)
    assert (first.channel, first.clicks, first.joins, first.organic, first.left, first.purchases) == (
        channel,
        2,
        2,
        1,
        1,
        0,
    )
    assert (second.channel, second.joins, second.purchases) == (other, 1, 1)
    assert Figures(account, MAY).joined() == (3, 1, 1)


def test_health_counts_each_status_with_its_reasons(account: Account, channel: Channel) -> None:
    pixel = PixelFactory(site=channel.site)
    kinds = [{"sent": True}] * 3 + [{"due": True}, {"failed": True}] + [{"skipped": True}] * 2
    for kind in kinds:
        SendFactory(conversion=at(channel), pixel=pixel, created_at=NOON, **kind)
    (meta,) = Figures(account, MAY).health()
    assert meta.by_status == {"pending": 1, "sent": 3, "failed": 1, "skipped": 2}
    assert meta.reasons.most_common(1) == [(Reason.MISSING_USER_AGENT, 2)]
    row = tables.health_table([meta], []).rows[0]
    assert row[:7] == ["Meta", 1, 3, 1, 2, "43 %", "–"]


@pytest.mark.parametrize("reason", Reason)
def test_no_reason_is_left_out_of_the_health(account: Account, channel: Channel, reason: Reason) -> None:
    conversion = ConversionFactory(channel=channel)
    SendFactory(conversion=conversion, created_at=datetime(2026, 5, 2, tzinfo=UTC), skipped=True, reason=reason)
    (meta,) = Figures(account, MAY).health()
    assert meta.reasons == {reason: 1}


def test_the_period_before_is_as_long_and_right_before() -> None:
    assert MAY.before == Period(date(2026, 3, 31), date(2026, 4, 30))
    assert MAY.before.until == MAY.since
    assert len(MAY.before.days) == len(MAY.days)


def test_columns_are_as_high_as_what_they_count() -> None:
    days = [date(2026, 5, 1), date(2026, 5, 2)]
    chart = charts.stacked_days(days, {"Lead": [5, 0], "Purchase": [5, 10]})
    assert chart.top == 10
    assert [(bar.series, bar.y, bar.height) for bar in chart.bars] == [(0, 100, 100), (1, 0, 100), (1, 0, 200)]
    assert chart.bars[0].title == "1 May: 5 Lead"


def test_the_page_shows_the_figures_beside_those_before(viewer: Client, home: str, channel: Channel) -> None:
    at(channel, purchase=True, value=Decimal("1234.5"))
    at(channel, NOON - timedelta(days=30))
    page = viewer.get(home + "overview/?since=2026-05-01&until=2026-05-31")
    assert [(figure.name, figure.now, figure.before) for figure in page.context["headline"][:2]] == [
        ("Conversions", "1", "1"),
        ("Revenue", "1,234.50 EUR", "–"),
    ]


@pytest.mark.parametrize("query", ["", "?days=7", "?days=x", "?since=2026-06-01&until=2026-05-01", "?since=1&days="])
def test_a_period_that_makes_no_sense_still_shows_a_page(viewer: Client, home: str, query: str) -> None:
    page = viewer.get(f"{home}overview/{query}")
    assert page.status_code == 200
    assert len(page.context["period"].days) == (7 if query == "?days=7" else 30)


def test_where_they_came_from_is_a_page_a_part_and_a_file(viewer: Client, home: str, channel: Channel) -> None:
    visit = VisitFactory(site=channel.site, utm_source="=cmd()", utm_campaign="spring", visited_at=NOON)
    at(channel, visit=visit, purchase=True)
    address = f"{home}overview/sources/?since=2026-05-10&until=2026-05-10"
    assert address.replace("&", "&amp;") in viewer.get(address.replace("sources/", "")).text
    assert "spring" in viewer.get(address).text
    part = viewer.get(address, headers={"X-Part": "yes"}).text
    assert "spring" in part
    assert "<html" not in part
    header, row = csv.reader(io.StringIO(viewer.get(f"{address}&export=csv").getvalue().decode("utf-8-sig")))
    assert (header[0], row[1]) == ("Source", "spring")
    assert not row[0].startswith("=")


@pytest.mark.parametrize("name", ["days", "funnel", "delivery"])
def test_an_export_holds_the_rows_of_its_table(viewer: Client, home: str, channel: Channel, name: str) -> None:
    visit = VisitFactory(site=channel.site, utm_source="=cmd()", visited_at=NOON)
    SendFactory(conversion=at(channel, visit=visit, purchase=True), sent=True, created_at=NOON)
    page = viewer.get(home + "overview/?since=2026-05-10&until=2026-05-10")
    table = next(table for table in page.context["tables"] if table.name == name)
    answer = viewer.get(f"{home}overview/?since=2026-05-10&until=2026-05-10&export={name}")
    header, *rows = csv.reader(io.StringIO(answer.getvalue().decode("utf-8-sig")))
    assert header == list(table.header)
    assert len(rows) == len(table.rows)
    assert not any(cell.startswith("=") for row in rows for cell in row)


def test_an_unknown_export_is_not_found(viewer: Client, home: str) -> None:
    assert viewer.get(home + "overview/?export=keys").status_code == 404


def test_the_page_takes_no_query_per_row(
    viewer: Client, home: str, channel: Channel, django_assert_num_queries
) -> None:
    for _ in range(5):
        visit = VisitFactory(site=channel.site)
        SendFactory(conversion=ConversionFactory(channel=ChannelFactory(site=channel.site), visit=visit))
    viewer.get(home + "overview/")
    with django_assert_num_queries(14):
        viewer.get(home + "overview/")


def test_staff_land_at_the_values_others_at_the_figures(staff: Client, viewer: Client, home: str) -> None:
    assert staff.get(home).headers["Location"] == home + "values/"
    assert viewer.get(home).headers["Location"] == home + "overview/"


def test_a_sum_carries_no_noise_of_floats(account: Account, channel: Channel) -> None:
    for _ in range(3):
        at(channel, purchase=True, value=Decimal("0.1"))
    assert money(Figures(account, MAY).happened().revenue["EUR"], "EUR") == "0.30 EUR"
    assert money(Decimal("0.1234"), "EUR") == "0.1234 EUR"
