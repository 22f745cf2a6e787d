"""The admin shows amounts to the last digit, and takes them so."""

from decimal import Decimal

import pytest

from conversions.models import Conversion
from tests.factories import ConversionFactory

pytestmark = pytest.mark.django_db
CONVERSIONS = "/admin/conversions/conversion/"


@pytest.mark.parametrize("amount", ["123456789012.3456", "999999999999.9999"])
def test_list_and_page_show_the_exact_amount(ops, amount: str) -> None:
    made = ConversionFactory(purchase=True, value=Decimal(amount))
    for page in (CONVERSIONS, f"{CONVERSIONS}{made.pk}/change/"):
        assert f"{Decimal(amount):,f} EUR" in ops.get(page).content.decode()


def test_a_submitted_amount_is_kept_exactly(ops, channel) -> None:
    made = ConversionFactory(channel=channel, awaiting_value=True)
    ops.post(f"{CONVERSIONS}{made.pk}/submit-value/", {"value": "123456789012.3456", "currency": "EUR"})
    assert Conversion.objects.get().value == Decimal("123456789012.3456")
