"""Rows claimed by moving their date."""

from datetime import UTC, datetime, timedelta

import pytest

from adtarget.core.claiming import claim_until
from dispatch.models import Receipt
from tests.factories import PixelFactory

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 10, 12, 9, 30, tzinfo=UTC)
LATER = NOW + timedelta(minutes=5)


@pytest.fixture
def row() -> Receipt:
    return Receipt.objects.create(pixel=PixelFactory(), request_id="r", accepted_at=NOW, events=1, due_at=NOW)


def test_a_claimed_row_is_due_again_later(row):
    assert claim_until(row, LATER)
    assert Receipt.objects.get().due_at == LATER


def test_two_workers_never_claim_the_same_row(row):
    same = Receipt.objects.get()
    assert claim_until(row, LATER)
    assert not claim_until(same, LATER)


def test_other_columns_change_with_the_claim_alone(row):
    Receipt.objects.update(due_at=LATER)
    assert not claim_until(row, LATER, asked=1)
    assert Receipt.objects.get().asked == 0
