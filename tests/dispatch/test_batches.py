"""A batch costs the same statements however long it is, and is read as the ORM reads it."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from dispatch import claiming
from dispatch.choices import SendStatus
from dispatch.events import outgoing_event
from dispatch.models import Attempt, Send
from tests.dispatch.test_delivery import SIGNALS, FakeMeta, deliver, due
from tests.factories import PixelFactory, VisitFactory

pytestmark = pytest.mark.django_db
WEEK = timedelta(days=7)
#: Of a batch and, on SQLite, the look that finds nothing more; the beginnings and ends of transactions included.
STATEMENTS = {"postgresql": 5, "sqlite": 21}


@pytest.fixture
def pixel():
    return PixelFactory()


def columns_of(row):
    fields = row._meta.concrete_fields
    return {field.attname: getattr(row, field.attname) for field in fields if field.attname != "due_at"}


def statements(pixel, count) -> int:
    due(pixel, count)
    with CaptureQueriesContext(connection) as captured:
        deliver(pixel, FakeMeta())
    assert not Send.objects.open().exists()
    return len(captured)


@pytest.mark.parametrize("count", [1, 40])
def test_a_batch_takes_the_same_statements_however_long(pixel, count) -> None:
    deliver(pixel, FakeMeta())  # compiles what is prepared
    assert statements(pixel, count) == STATEMENTS[connection.vendor]


def test_both_ways_of_claiming_read_the_same(pixel) -> None:
    visit = VisitFactory(site=pixel.site, fbp="fb.1.1.2", url="https://acme.example/?utm_source=a", more_ids={"x": "y"})
    facts = {"api_visit_override": SIGNALS, "pii": {"email": "a" * 64}, "left_out": [{"message": "é"}]}
    due(pixel, visit=visit, value="12.3400", currency="EUR", event_type="Purchase", **facts)
    due(pixel)
    now, read = timezone.now(), []
    for claim in (claiming.claim, claiming._claim_row_by_row):
        batch = claim(pixel=pixel, limit=9, max_age=WEEK, now=now)
        read.append([(send, outgoing_event(send.conversion), send.conversion.left_out) for send in batch])
        Send.objects.update(claim=None, due_at=now)
    assert read[0] == read[1]
    assert len(read[0]) == 2


def test_claimed_sends_know_every_column(pixel) -> None:
    due(pixel, visit=VisitFactory(site=pixel.site))
    [send] = claiming.claim(pixel=pixel, limit=1, max_age=WEEK, now=timezone.now())
    for row in (send, send.conversion, send.conversion.visit):
        assert columns_of(row) == columns_of(type(row).objects.get(pk=row.pk))


def test_a_batch_that_lost_one_claim_leaves_nothing(pixel) -> None:
    due(pixel, 2)
    batch = claiming.claim(pixel=pixel, limit=9, max_age=WEEK, now=timezone.now())
    Send.objects.filter(pk=batch[0].pk).update(claim=None)
    assert claiming.begin_attempt(batch, [{}, {}], [[], []], now=timezone.now()) == []
    assert not Attempt.objects.exists()
    assert set(Send.objects.values_list("attempts", "status")) == {(0, SendStatus.PENDING)}


def test_attempts_are_numbered_and_named_in_order(pixel) -> None:
    due(pixel, 3)
    batch = claiming.claim(pixel=pixel, limit=9, max_age=WEEK, now=timezone.now())
    keys = claiming.begin_attempt(batch, [{"n": 1}, {"n": 2}, {"n": 3}], [["a"], [], []], now=timezone.now())
    rows = [Attempt.objects.get(pk=key) for key in keys]
    assert [row.send for row in rows] == batch
    assert [(row.number, row.batch_size, row.request["n"], row.notes) for row in rows] == [
        (1, 3, 1, ["a"]),
        (1, 3, 2, []),
        (1, 3, 3, []),
    ]
