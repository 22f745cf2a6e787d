"""Pages, exports and sums show amounts to the last digit."""

from decimal import Decimal

import pytest
from django.test import Client

from adtarget.dashboard.overview import tables
from adtarget.dashboard.overview.queries import Figures
from leads.models import Account, Channel
from tests.dashboard.overview.test_overview import MAY, at
from tests.factories import ConversionFactory

LARGE = Decimal("123456789012.3456")
LARGEST = Decimal("999999999999.9999")


@pytest.mark.parametrize("amount", [LARGE, LARGEST])
def test_the_export_holds_the_exact_amount(viewer: Client, home: str, channel: Channel, amount: Decimal) -> None:
    ConversionFactory(channel=channel, purchase=True, value=amount)
    answer = viewer.get(f"{home}conversions/", {"format": "csv"})
    assert f",{amount},EUR," in answer.text


@pytest.mark.parametrize("amount", [LARGE, LARGEST])
def test_list_and_page_show_the_exact_amount(viewer: Client, home: str, channel: Channel, amount: Decimal) -> None:
    made = ConversionFactory(channel=channel, purchase=True, value=amount)
    for page in ("conversions/", f"conversions/{made.pk}/"):
        assert f"{amount:,f} EUR" in viewer.get(f"{home}{page}").content.decode()


def test_a_periods_revenue_is_exact(account: Account, channel: Channel) -> None:
    for amount in (LARGE, LARGEST, Decimal("0.0001")):
        at(channel, purchase=True, value=amount)
    expected = LARGE + LARGEST + Decimal("0.0001")
    assert Figures(account, MAY).happened().revenue == {"EUR": expected}
    assert Figures(account, MAY).totals() == (3, {"EUR": expected})


def test_the_table_of_days_rounds_nothing_away(account: Account, channel: Channel) -> None:
    at(channel, purchase=True, value=LARGEST)
    table = tables.days_table(Figures(account, MAY).happened(), MAY)
    assert str(LARGEST) in {cell for row in table.rows for cell in row}
