"""The invented rows of benchmarks/fill.py are such as the product itself writes."""

import json
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from benchmarks.fill import Order, fill
from conversions.models import Conversion
from dispatch.choices import SendStatus
from dispatch.models import Send
from leads.models import Lead
from tracker.models import Join

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="writes PostgreSQL's SQL"),
]


@pytest.fixture
def _filled() -> None:
    fill(Order(conversions=1000, days=3), now=timezone.now())


@pytest.mark.usefixtures("_filled")
def test_as_many_conversions_as_ordered() -> None:
    assert Conversion.objects.count() == 1000


@pytest.mark.usefixtures("_filled")
def test_the_audit_finds_nothing_wrong() -> None:
    output = StringIO()
    call_command("audit_sends", "--json", stdout=output)
    assert json.loads(output.getvalue())["orphans"] == {}


@pytest.mark.usefixtures("_filled")
def test_every_foreign_key_leads_somewhere() -> None:
    connection.check_constraints()


@pytest.mark.usefixtures("_filled")
def test_every_state_of_a_send_occurs() -> None:
    assert set(Send.objects.values_list("status", flat=True)) == set(SendStatus.values)


@pytest.mark.usefixtures("_filled")
def test_rows_written_later_get_free_ids() -> None:
    lead = Lead.objects.order_by("-id")[0]
    lead.pk, lead.telegram_user_id = None, 1
    lead.save(force_insert=True)
    assert Join.objects.filter(lead=lead).count() == 0


def test_a_second_fill_adds_to_the_first() -> None:
    for _ in range(2):
        fill(Order(conversions=10, days=30), now=timezone.now())
    assert Conversion.objects.count() == 20
