"""Amounts come out of the database as they went in, whichever it is."""

from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adtarget.core.money_field import MoneySum, from_units, units
from conversions.models import Conversion
from leads.models import Channel
from tests.factories import ChannelFactory, ConversionFactory

pytestmark = pytest.mark.django_db
LARGEST = Decimal("999999999999.9999")
AMOUNTS = [Decimal("0.0001"), Decimal("49.9"), Decimal("123456789012.3456"), Decimal("900719925474.0993"), LARGEST]


@pytest.mark.parametrize("amount", AMOUNTS)
def test_an_amount_comes_back_exactly(amount: Decimal) -> None:
    made = ConversionFactory(purchase=True, value=amount)
    assert Conversion.objects.get(pk=made.pk).value == amount


def test_a_channels_amount_comes_back_exactly() -> None:
    made = ChannelFactory(event_type="Purchase", value=LARGEST, currency="EUR")
    assert Channel.objects.get(pk=made.pk).value == LARGEST


def test_amounts_sort_and_filter_by_size() -> None:
    for amount in reversed(AMOUNTS):
        ConversionFactory(purchase=True, value=amount)
    kept = Conversion.objects.order_by("value").values_list("value", flat=True)
    assert list(kept) == AMOUNTS
    assert list(kept.filter(value__gt=Decimal("49.9"))) == AMOUNTS[2:]
    assert kept.get(value=LARGEST) == LARGEST


def test_a_sum_beyond_64_bits_is_exact(channel: Channel) -> None:
    first = ConversionFactory(channel=channel, purchase=True, value=LARGEST)
    kept = {name: getattr(first, name) for name in ("account", "site", "channel", "lead", "telegram_user_id")}
    kept |= {name: getattr(first, name) for name in ("source", "event_type", "currency", "event_time", "attributed_at")}
    rows = [Conversion(value=LARGEST, **kept) for _ in range(999)]
    Conversion.objects.bulk_create(rows)
    assert Conversion.objects.aggregate(total=MoneySum("value"))["total"] == 1000 * LARGEST


def test_a_sum_of_nothing_is_none() -> None:
    assert Conversion.objects.aggregate(total=MoneySum("value")) == {"total": None}


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.decimals(min_value=0, max_value=LARGEST, places=4))
def test_units_and_amounts_turn_into_each_other(amount: Decimal) -> None:
    assert from_units(units(amount)) == amount


@pytest.mark.parametrize("amount", [Decimal("0.00001"), Decimal("1e19"), Decimal("NaN"), Decimal("Infinity")])
def test_an_amount_that_does_not_fit_is_refused(amount: Decimal) -> None:
    with pytest.raises(ValueError, match="An amount of money"):
        units(amount)


def test_a_float_is_no_amount() -> None:
    with pytest.raises(ValidationError):
        ConversionFactory(purchase=True, value=0.1)
    with pytest.raises(TypeError):
        from_units(0.1)  # type: ignore[arg-type]
