"""A channel's figures agree with its rows; its advice with its figures; its settings with the rules of events."""

import csv
import io
import re
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from adtarget.dashboard.channels import queries as figures
from adtarget.dashboard.channels.advice import Facts, advise
from adtarget.dashboard.channels.join_figures import JoinKind, Joins
from adtarget.dashboard.channels.link_supply import link_supply
from adtarget.dashboard.periods import Period
from leads.choices import Role
from leads.models import Account, AuditEntry, Channel, Site
from tests.dashboard.conftest import SignedIn
from tests.factories import (
    BotFactory,
    ChannelFactory,
    InviteFactory,
    JoinFactory,
    LeadFactory,
    SiteFactory,
    UnattributableClickFactory,
    VisitFactory,
)
from tracker.choices import FallbackReason, Route, Tap
from tracker.models import InvitePool

MAY = Period(date(2026, 5, 1), date(2026, 5, 31))
IN_MAY = "?since=2026-05-01&until=2026-05-31"
NOON = datetime(2026, 5, 10, 12, tzinfo=UTC)
LATER = NOON + timedelta(days=1)


def joined(channel: Channel, route: Route = Route.INVITE_LINK, tap: str = "", at: datetime = NOON, **values: Any):
    return JoinFactory(channel=channel, route=route, tap_before=tap, joined_at=at, last_joined_at=at, **values)


@pytest.fixture
def busy(channel: Channel) -> Channel:
    """Two from an ad, one without, two lost, one from elsewhere; one left, one came back."""
    joined(channel)
    joined(channel, Route.JOIN_REQUEST, at=LATER, left_at=LATER)
    joined(channel, Route.NO_CLICK)
    joined(channel, Route.PUBLIC_CHANNEL, Tap.FALLBACK)
    joined(channel, Route.LINK_SHARED, Tap.PERSONAL)
    back = joined(channel, Route.PUBLIC_CHANNEL)
    back.last_joined_at, back.rejoins = LATER, 1
    back.save()
    joined(channel, at=MAY.until)
    JoinFactory(channel=channel, joined_at=None, requested_at=NOON)
    return channel


# ------------------------------------------------------------------ figures
def test_joins_are_counted_by_what_they_tell_of_the_ads(busy: Channel) -> None:
    joins = figures.joins_by_day(busy, MAY)
    assert {kind: joins.of(kind) for kind in JoinKind} == {"attributed": 2, "no_click": 1, "lost": 2, "elsewhere": 1}
    assert (joins.total, joins.attributed, joins.lost, joins.from_page) == (6, 2, 2, 5)
    assert (joins.left, joins.came_back, figures.waiting_requests(busy, MAY)) == (1, 1, 1)
    assert joins.by_day[JoinKind.ATTRIBUTED] == {NOON.date(): 1, LATER.date(): 1}
    assert sum((joins.by_day[kind] for kind in JoinKind), Counter()).total() == joins.total


def test_the_list_counts_as_the_page_does(busy: Channel, stranger_channel: Channel) -> None:
    joined(stranger_channel)
    found, page = figures.joins_of([busy], MAY), figures.joins_by_day(busy, MAY)
    assert set(found) == {busy.pk}
    assert (found[busy.pk].by_evidence, found[busy.pk].left) == (page.by_evidence, page.left)


def test_links_are_counted_by_what_became_of_them(channel: Channel) -> None:
    now = timezone.now()
    period = Period(now.date(), now.date())
    InviteFactory(channel=channel)
    InviteFactory(channel=channel, creates_join_request=True)  # of the wrong kind: waits for nobody
    InviteFactory(channel=channel, expired=True)
    InviteFactory(channel=channel, given=True)
    InviteFactory(channel=channel, used=True)
    InviteFactory(channel=channel, given=True, expired=True)
    with timezone.override("UTC"):
        found = figures.links(channel, period, now=now)
    assert (found.waiting, found.given, found.used, found.expired) == (1, 3, 1, 1)


def test_the_page_shows_what_was_counted(viewer: Client, home: str, busy: Channel) -> None:
    InvitePool.objects.create(channel=busy, last_error="Too Many Requests: retry after 7")
    UnattributableClickFactory.create_batch(2, channel=busy, reason=FallbackReason.DAILY_CAP, clicked_at=NOON)
    page = viewer.get(f"{home}channels/{busy.pk}/{IN_MAY}")
    assert page.context["chart"].legend == [kind.label for kind in JoinKind]
    assert [row[1:4] for row in page.context["routes_table"].rows if row[1] == Route.PUBLIC_CHANNEL] == [
        [Route.PUBLIC_CHANNEL, "From elsewhere", 1],
        [Route.PUBLIC_CHANNEL, "Lost on the way", 1],
    ]
    assert page.context["routes_table"].rows[-1][1:4] == [Route.REJOIN, "In the rows above", 1]
    for told in ("40 %", "2 of 5 from the page", "retry after 7", "links of the day are used up"):
        assert told in page.text, told
    for join in busy.joins.filter(joined_at__lt=MAY.until):
        assert f"/leads/{join.lead_id}/" in page.text


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("", ["VIP", "News"]),
        ("?q=vip", ["VIP"]),
        ("?q=@acme_news", ["News"]),
        ("?q=-1005", ["News"]),
        ("?state=archived", ["Old"]),
        ("?state=all&q=o", ["Old"]),
        ("?q=Theirs&state=all", []),
    ],
)
def test_channels_are_found(
    viewer: Client, home: str, site: Site, stranger_channel: Channel, query: str, titles: list[str]
) -> None:
    ChannelFactory(site=site, title="VIP", funnel_order=1)
    ChannelFactory(site=site, title="News", funnel_order=2, username="acme_news", telegram_channel_id=-1005)
    ChannelFactory(site=site, title="Old", funnel_order=3, inactive=True)
    page = viewer.get(f"{home}channels/{query}")
    assert [item["channel"].title for item in page.context["items"]] == titles


def test_channels_are_filtered_by_site(viewer: Client, home: str, channel: Channel, account: Account) -> None:
    other = ChannelFactory(site=SiteFactory(account=account))
    page = viewer.get(f"{home}channels/?site={other.site_id}{IN_MAY.replace('?', '&')}")
    assert [item["channel"] for item in page.context["items"]] == [other]


def test_an_export_holds_the_joins_of_the_period(viewer: Client, home: str, busy: Channel) -> None:
    visit = VisitFactory(site=busy.site, utm_source="=cmd()")
    joined(busy, lead=LeadFactory(site=busy.site, telegram_username="+evil"), visit=visit, at=LATER)
    answer = viewer.get(f"{home}channels/{busy.pk}/{IN_MAY}&format=csv")
    header, *rows = csv.reader(io.StringIO(answer.getvalue().decode("utf-8-sig")))
    assert (header[0], len(rows)) == ("Joined at", 7)
    assert Counter(row[3] for row in rows) == Counter(
        busy.joins.filter(joined_at__lt=MAY.until).values_list("route", flat=True)
    )
    assert not any(cell.startswith(("=", "+")) for row in rows for cell in row)


def test_no_page_takes_a_query_per_row(viewer: Client, home: str, busy: Channel, django_assert_num_queries) -> None:
    Channel.objects.filter(pk=busy.pk).update(bot=BotFactory(account=busy.site.account))
    for _ in range(3):
        other = ChannelFactory(site=busy.site, with_bot=True)
        for channel in (busy, other):
            joined(channel, visit=VisitFactory(site=busy.site))
            InviteFactory(channel=channel)
            UnattributableClickFactory(channel=channel, clicked_at=NOON)
    for page, count in (("channels/", 8), (f"channels/{busy.pk}/", 20)):
        viewer.get(home + page + IN_MAY)
        with django_assert_num_queries(count):
            viewer.get(home + page + IN_MAY)


# ------------------------------------------------------------------ advice
def counted(by_evidence: dict[tuple[Route, str], int], left: int = 0) -> dict[str, Any]:
    return {"joins": Joins(by_evidence=Counter(by_evidence), left=left)}


def lost(route: Route, tap: str = Tap.FALLBACK, count: int = 5) -> dict[str, Any]:
    return counted({(route, tap): count, (Route.INVITE_LINK, ""): 50})


def taps(reason: FallbackReason, **more: Any) -> dict[str, Any]:
    return {"clicks": {reason: 5}, **more}


ADVICE = [
    ({"bot": None}, {}, "Connect a bot"),
    ({"bot_problem": "The bot may not invite."}, {}, "administrator of the channel, with the right to invite"),
    ({"username": "acme"}, lost(Route.PUBLIC_CHANNEL), "Make the channel private"),
    ({}, lost(Route.PUBLIC_CHANNEL), "Use request links"),
    ({"uses_join_requests": True}, lost(Route.LINK_SHARED, Tap.PERSONAL), "Turn request links off"),
    ({}, lost(Route.LINK_UNKNOWN, Tap.PERSONAL), "Take other invite links off"),
    ({}, taps(FallbackReason.POOL_EMPTY), "a further bot"),
    ({}, taps(FallbackReason.TELEGRAM, channels_beside=2), "a bot of its own"),
    ({}, taps(FallbackReason.DAILY_CAP), "INVITE_LINKS_PER_DAY"),
    ({}, taps(FallbackReason.ADDRESS_LIMIT), "each visitor's address"),
    (
        {"uses_join_requests": True, "auto_approve": False},
        {"waiting_requests": 3},
        "turn on “Approve join requests automatically”",
    ),
    ({"event_type": ""}, counted({(Route.INVITE_LINK, ""): 1}), "Choose an event"),
    ({}, counted({(Route.NO_CLICK, ""): 5}), "drops the query"),
    ({}, counted({(Route.INVITE_LINK, ""): 10}, left=9), "Set hours to stay"),
    ({}, {"has_own_link": False}, "enter it in Settings"),
]


@pytest.mark.parametrize(("columns", "facts", "told"), ADVICE)
def test_advice_is_given_where_the_figures_show_it(columns: dict[str, Any], facts: dict[str, Any], told: str) -> None:
    (advice,) = advise(Facts(channel=_channel(**columns), **facts))
    assert told in advice.what
    assert advice.why.endswith(".")
    assert advise(Facts(channel=_channel(**columns, is_active=False), **facts)) == []


@pytest.mark.parametrize(
    ("columns", "facts"),
    [
        ({}, {}),
        ({"username": "acme"}, {}),
        ({"username": "acme"}, lost(Route.PUBLIC_CHANNEL, tap="")),  # from elsewhere: private links change nothing
        ({"username": "acme"}, lost(Route.PUBLIC_CHANNEL, count=2)),
        ({"uses_join_requests": True}, lost(Route.PUBLIC_CHANNEL)),
        ({}, lost(Route.LINK_UNKNOWN, Tap.FALLBACK)),  # the pool's fault, and said there
        ({}, lost(Route.ADDED_BY_ADMIN, tap="")),
        ({}, taps(FallbackReason.TELEGRAM)),
        ({"auto_approve": False}, {"waiting_requests": 3}),
        ({"stay_hours": 24}, counted({(Route.INVITE_LINK, ""): 10}, left=9)),
        ({}, counted({(Route.NO_CLICK, ""): 5, (Route.INVITE_LINK, ""): 6})),
        ({}, counted({(Route.NO_CLICK, ""): 2})),
        ({"telegram_channel_id": 77}, {"has_own_link": False}),
        ({"event_type": ""}, {}),
    ],
)
def test_advice_that_nothing_supports_is_not_given(columns: dict[str, Any], facts: dict[str, Any]) -> None:
    assert advise(Facts(channel=_channel(**columns), **facts)) == []


def _channel(**columns: Any) -> Channel:
    bot = BotFactory.build(username="acme_bot")
    return Channel(**{"bot": bot, "title": "VIP", "telegram_channel_id": -1001, "event_type": "Lead"} | columns)


def test_the_page_advises_from_its_rows(viewer: Client, home: str, channel: Channel) -> None:
    Channel.objects.filter(pk=channel.pk).update(username="acme", bot=BotFactory(account=channel.site.account))
    for _ in range(3):
        joined(channel, Route.PUBLIC_CHANNEL, Tap.FALLBACK)
    page = viewer.get(f"{home}channels/{channel.pk}/{IN_MAY}")
    assert [advice.what[:24] for advice in page.context["advice"]] == ["Make the channel private"]
    assert viewer.get(f"{home}channels/{channel.pk}/?since=2026-04-01&until=2026-04-30").context["advice"] == []


# ------------------------------------------------------------------ settings
FORM = {"event_type": "Lead", "custom_event_name": "", "value": "", "currency": "", "stay_hours": "0"}


def settings_of(home: str, channel: Channel) -> str:
    return f"{home}channels/{channel.pk}/settings/"


def test_what_a_channel_does_is_changed_and_noted(signed_in: SignedIn, home: str, channel: Channel) -> None:
    form = FORM | {"event_type": "Purchase", "value": "49.90", "currency": "eur", "auto_fire": "on", "stay_hours": 24}
    form |= {"uses_join_requests": "on"}
    assert signed_in(Role.MANAGER).post(settings_of(home, channel), form).status_code == 302
    changed = Channel.objects.get()
    assert (changed.event_type, changed.value, changed.currency) == ("Purchase", Decimal("49.9"), "EUR")
    assert (changed.auto_fire, changed.stay_hours, changed.uses_join_requests) == (True, 24, True)
    assert (changed.auto_approve, changed.is_default) == (False, False)
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.target) == ("change_channel", channel.pk)
    assert entry.details["changes"]["value"] == [None, "49.9000"]
    assert entry.details["changes"]["auto_approve"] == [True, False]
    assert "auto_fire" not in entry.details["changes"]


@pytest.mark.parametrize(
    ("change", "field", "told"),
    [
        ({"event_type": "Custom"}, "custom_event_name", "A Custom event needs a name"),
        ({"event_type": "Purchase", "auto_fire": "on"}, "value", "A Purchase with auto-fire needs a value"),
        ({"value": "5"}, "currency", "Value and currency come together"),
        ({"currency": "EUR"}, "value", "Value and currency come together"),
        ({"value": "5", "currency": "XYZ"}, "currency", "currency must be"),
        ({"value": "-5", "currency": "EUR"}, "value", "greater than 0"),
        ({"stay_hours": "721"}, "stay_hours", "less than or equal to 720"),
        ({"event_type": "Leed"}, "event_type", "Select a valid choice"),
    ],
)
def test_what_is_wrong_is_told_beside_its_field(
    owner: Client, home: str, channel: Channel, change: dict[str, str], field: str, told: str
) -> None:
    answer = owner.post(settings_of(home, channel), FORM | change)
    assert answer.status_code == 422
    assert re.search(rf'class="problem" id="id_{field}_error">[^<]*{told}', answer.text)
    assert not AuditEntry.objects.exists()
    unchanged = Channel.objects.get()
    assert (unchanged.event_type, unchanged.auto_fire, unchanged.value) == ("Lead", True, None)


def test_a_new_default_takes_the_place_of_the_one_before(owner: Client, home: str, channel: Channel) -> None:
    other = ChannelFactory(site=channel.site)
    assert owner.post(settings_of(home, other), FORM | {"is_default": "on"}).status_code == 302
    assert Channel.objects.get(is_default=True) == other


def test_a_channel_is_archived_and_restored(owner: Client, home: str, channel: Channel) -> None:
    page = f"{home}channels/{channel.pk}/"
    assert "data-ask" in owner.get(page).text
    owner.post(f"{page}archive/")
    archived = Channel.objects.get()
    assert (archived.is_active, archived.is_default) == (False, False)
    assert "nobody is sent there" in owner.get(page).text
    owner.post(f"{page}archive/", {"is_active": "on"})
    assert Channel.objects.get().is_active
    assert list(AuditEntry.objects.order_by("pk").values_list("action", flat=True)) == [
        "archive_channel",
        "restore_channel",
    ]


@pytest.mark.parametrize(("role", "status"), [("owner", 200), ("manager", 200), ("staff", 403), ("viewer", 403)])
def test_only_managers_change_a_channel(
    signed_in: SignedIn, home: str, channel: Channel, role: str, status: int
) -> None:
    browser, page = signed_in(Role(role)), f"{home}channels/{channel.pk}/"
    shown = browser.get(page)
    assert (shown.status_code, "/settings/" in shown.text) == (200, status == 200)
    assert browser.get(f"{page}settings/").status_code == status
    browser.post(f"{page}settings/", FORM | {"event_type": "Subscribe"})
    browser.post(f"{page}archive/")
    changed = Channel.objects.get()
    assert (changed.is_active, changed.event_type) == ((False, "Subscribe") if status == 200 else (True, "Lead"))


def test_anothers_channel_is_not_found(owner: Client, home: str, stranger_channel: Channel) -> None:
    page = f"{home}channels/{stranger_channel.pk}/"
    for address in (page, f"{page}?format=csv", f"{page}settings/", f"{home}channels/?site={stranger_channel.site_id}"):
        assert owner.get(address).status_code == 404, address
    assert owner.post(f"{page}settings/", FORM).status_code == 404
    assert owner.post(f"{page}archive/").status_code == 404
    assert Channel.objects.get().is_active


# ------------------------------------------------------------------ links against clicks
def test_links_are_shown_against_clicks(viewer: Client, home: str, channel: Channel) -> None:
    now = timezone.now()
    InviteFactory.create_batch(30, channel=channel, given=True, given_at=now - timedelta(minutes=1))
    InviteFactory.create_batch(4, channel=channel)
    UnattributableClickFactory(channel=channel, reason=FallbackReason.POOL_EMPTY, clicked_at=now)
    page = viewer.get(f"{home}channels/{channel.pk}/").text
    assert "4 of 122" in page  # 60, and twice the clicks of ten minutes
    assert "31 in ten minutes, 31 in an hour, 31 in a day" in page


def test_it_says_how_long_the_links_last(channel: Channel) -> None:
    now = timezone.now()
    InviteFactory.create_batch(30, channel=channel, given=True, given_at=now - timedelta(minutes=1))
    InviteFactory.create_batch(12, channel=channel)
    channel.bot = None
    assert link_supply(channel, now=now).lasts_minutes == 4
    channel.bot = BotFactory(account=channel.site.account)
    assert link_supply(channel, now=now).lasts_minutes is None
