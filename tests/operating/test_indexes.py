"""Each index of the large tables has a query that uses it; each filter of a list has an index."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import Q, QuerySet
from django.utils import timezone

from adtarget.core.newest import Newest
from adtarget.dashboard.leads.queries import find_leads
from benchmarks.fill import Order, fill
from conversions.finding import find_conversions
from conversions.models import Conversion
from conversions.searching import named
from dispatch.finding import find_sends
from dispatch.models import Attempt, Pixel, Send
from leads.models import Account, ApiKey, Channel, Lead, Site
from leads.searching import known_as
from tests.factories import ChannelFactory, PixelFactory, SiteFactory
from tracker.models import Join

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="asks PostgreSQL's planner"),
]
NOW = timezone.now()
HOT = {model._meta.db_table: model for model in (Conversion, Send, Attempt, Lead, Join)}
Rows = QuerySet[Any]


class World:
    """The filled rows that the queries below are about."""

    def __init__(self) -> None:
        self.account = Account.objects.get(name="Filled")
        self.key = ApiKey(account=self.account)
        self.site = Site.objects.filter(account=self.account)[0]
        self.channel = Channel.objects.filter(site=self.site)[0]
        self.quiet = ChannelFactory(site=SiteFactory(account=self.account))  # where the newest of all help least
        self.pixel = Pixel.objects.filter(site=self.site)[0]
        self.quiet_pixel = PixelFactory(site=self.quiet.site)
        self.lead = Lead.objects.filter(site=self.site).exclude(external_user_id="")[0]
        self.conversion = Conversion.objects.filter(lead=self.lead)[0]
        self.send = Send.objects.filter(pixel=self.pixel)[0]

    def conversions(self, **wanted: Any) -> Rows:
        return find_conversions(self.key.scope(), wanted).order_by("-attributed_at", "-pk")[:51]

    def sends(self, **wanted: Any) -> Rows:
        """One pixel's part of `Newest`."""
        return find_sends(self.key, wanted)[0].filter(pixel=self.pixel).order_by("-created_at").values("pk")[50:51]


#: Every index with a query of the product, and where that is.
USES: dict[str, Callable[[World], Rows]] = {
    # conversions
    "conversion_by_account": lambda w: w.conversions(),
    "conversion_by_site": lambda w: w.conversions(site_id=w.quiet.site_id),
    "conversion_by_channel": lambda w: w.conversions(channel_id=w.quiet.pk),
    "conversion_by_type": lambda w: w.conversions(event_type="Custom"),
    "conversion_by_external_id": lambda w: w.conversions(external_user_id=w.lead.external_user_id),
    "conversion_by_order": lambda w: w.conversions(order_id="order-1"),
    "conversion_history": lambda w: w.conversions(telegram_user_id=w.lead.telegram_user_id),
    "conversion_by_lead": lambda w: Conversion.objects.filter(lead=w.lead).order_by("-attributed_at"),
    "conversion_tests": lambda w: Conversion.objects.filter(w.key.scope(), is_test=True).order_by("-attributed_at"),
    "conversion_awaiting": lambda w: Conversion.objects.filter(account=w.account, awaiting_manual_input=True).order_by(
        "event_time"
    )[:50],
    "conversion_by_inherited": lambda w: Conversion.objects.filter(inherited_since__lt=NOW),
    "conversions_conversion_visit_id": lambda w: Conversion.objects.filter(visit=w.conversion.visit_id or "vis_1"),
    "conversions_conversion_session_id": lambda w: Conversion.objects.filter(session="ses_1"),
    # sends
    "send_by_pixel_and_time": lambda w: w.sends(),
    "send_unsent_by_pixel": lambda w: w.sends(status="failed"),
    "send_by_reason": lambda w: w.sends(reason="exhausted"),
    "send_by_status": lambda w: Send.objects.filter(
        status="failed", created_at__gte=NOW - timedelta(hours=1)
    ),  # dispatch.queries.failed_since
    "send_due": lambda w: Send.objects.due(NOW).order_by("due_at")[:1],
    "send_due_by_pixel": lambda w: (
        Send.objects.due(NOW).filter(pixel=w.quiet_pixel).order_by("priority", "due_at")[:200]
    ),
    "one_send_per_conversion_and_pixel": lambda w: Send.objects.filter(conversion=w.conversion, status="sent"),
    # attempts
    "attempt_by_send": lambda w: Attempt.objects.filter(send=w.send).in_order(),
    "attempt_by_receipt": lambda w: Attempt.objects.filter(receipt=1),
    # leads
    "one_lead_per_site_and_person": lambda w: Lead.objects.filter(site=w.site, telegram_user_id=7),
    "lead_by_person": lambda w: Lead.objects.filter(known_as("7000000001")),
    "lead_by_external_id": lambda w: Lead.objects.filter(Q(external_user_id="crm-7") & ~Q(external_user_id="")),
    "lead_by_username": lambda w: Lead.objects.filter(known_as("@Person_7")),
    "lead_by_site": lambda w: Lead.objects.filter(site=w.site).order_by("-id").values("id")[50:51],
    # joins
    "join_by_channel": lambda w: Join.objects.filter(channel=w.channel, joined_at__gte=NOW - timedelta(hours=1)),
    "join_of_who_left": lambda w: Join.objects.filter(
        channel=w.channel, joined_at__gte=NOW - timedelta(hours=9), left_at__isnull=False
    ).values("pk"),
    "join_to_qualify": lambda w: Join.objects.filter(qualifies_at__lte=NOW),
    "join_to_approve": lambda w: Join.objects.filter(approval_due_at__lte=NOW),
    "tracker_join_lead_id": lambda w: Join.objects.filter(lead=w.lead),
    "tracker_join_invite_id": lambda w: Join.objects.filter(invite="inv_1"),
    "tracker_join_visit_id": lambda w: Join.objects.filter(visit="vis_1"),
}
#: Lists that must not gather what they leave out.
SEARCHES: dict[str, Callable[[World], Rows]] = {
    "leads by name": lambda w: find_leads(w.account, "@Person_7"),
    "leads by order": lambda w: find_leads(w.account, "order-1"),
    "conversions by name": lambda w: Conversion.objects.filter(named("@Person_7", account=w.account)),
    "the newest leads": lambda w: Newest("site", w.account.sites.all(), "id").among(find_leads(w.account, ""), 51),
}


def plan(rows: Rows) -> list[dict[str, Any]]:
    """Each node of the plan without sequential scans of what an index can find."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL jit = off")
        statement, parameters = rows.query.sql_with_params()
        cursor.execute(f"EXPLAIN (FORMAT JSON) {statement}", parameters)
        found = cursor.fetchone()[0]
    tree = found if isinstance(found, list) else json.loads(found)
    return list(_nodes(tree[0]["Plan"]))


def _nodes(node: dict[str, Any]) -> Any:
    yield node
    for part in node.get("Plans", []):
        yield from _nodes(part)


def test_every_index_has_its_query() -> None:
    fill(Order(conversions=20_000, days=30, pixels=2), now=NOW, log=lambda text: None)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in HOT:
            cursor.execute(f"REINDEX TABLE {table}")  # earlier tests' rows left the indexes larger than they are
            cursor.execute(f"ANALYZE {table}")
    world = World()
    wrong = {}
    for name, rows in USES.items():
        used = {node.get("Index Name", "") for node in plan(rows(world))}
        if not any(index.startswith(name) for index in used):
            wrong[name] = used - {""}
    read_whole = {
        name: node["Relation Name"]
        for name, rows in SEARCHES.items()
        for node in plan(rows(world))
        if node["Node Type"] == "Seq Scan" and node["Relation Name"] in HOT
    }
    assert (wrong, read_whole) == ({}, {})


@pytest.mark.parametrize("table", HOT)
def test_no_index_is_without_a_query(table: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexname FROM pg_indexes WHERE tablename = %s AND indexdef NOT LIKE %s",
            [table, "CREATE UNIQUE%"],  # those hold a promise
        )
        found = {name for (name,) in cursor.fetchall()}
    if any(name.endswith("_like") for name in found):
        pytest.skip("the tables were made without migrations")
    assert {name for name in found if not any(name.startswith(used) for used in USES)} == set()
