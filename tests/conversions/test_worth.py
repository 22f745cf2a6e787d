"""Amounts that are nothing in their currency are refused wherever a value comes in."""

import pytest

from conversions.forms import ValueForm
from conversions.models import Conversion
from leads import join_events
from tests.api.conftest import CONVERSION
from tests.factories import ConversionFactory

pytestmark = pytest.mark.django_db
NOTHING = [(0.004, "USD"), (0.4, "JPY"), (0.0004, "KWD"), (0.0049, "EUR")]
SOMETHING = [(0.005, "USD"), (0.5, "JPY"), (0.0005, "KWD"), (0.0001, "CLF")]


@pytest.mark.parametrize(("value", "currency"), NOTHING)
def test_an_event_worth_nothing_is_refused(api, purchase, value, currency) -> None:
    answer = api.post(CONVERSION, {**purchase, "value": value, "currency": currency})
    assert (answer.status_code, answer.json()["error"]["details"][0]["field"]) == (400, "value")
    assert not Conversion.objects.exists()


@pytest.mark.parametrize(("value", "currency"), SOMETHING)
def test_the_least_of_a_currency_is_taken(accept, purchase, meta_pixel, value, currency) -> None:
    assert accept({**purchase, "value": value, "currency": currency})["dispatched"]


@pytest.mark.parametrize(("value", "currency"), NOTHING)
def test_a_later_value_worth_nothing_is_refused(api, channel, value, currency) -> None:
    row = ConversionFactory(channel=channel, awaiting_value=True)
    path = f"/api/v1/leads/{row.telegram_user_id}/conversions/{row.pk}/value"
    assert api.post(path, {"value": value, "currency": currency}).status_code == 400
    row.refresh_from_db()
    assert row.awaiting_manual_input


@pytest.mark.parametrize(("value", "currency"), NOTHING)
def test_the_form_of_dashboard_and_admin_refuses_it(value, currency) -> None:
    assert "value" in ValueForm({"value": str(value), "currency": currency}).errors


def test_a_pasted_row_worth_nothing_is_refused(channel) -> None:
    from adtarget.dashboard.values import pasting

    row = ConversionFactory(channel=channel, awaiting_value=True)
    (pasted,) = pasting.read_rows(f"{row.pk},0.004,USD", Conversion.objects.all())
    assert not pasted.is_ready
    assert "at least 0.01 USD" in pasted.problems[0]


@pytest.mark.parametrize(("value", "currency"), NOTHING)
def test_a_channels_value_worth_nothing_is_refused(value, currency) -> None:
    from decimal import Decimal

    wanted = {"value": Decimal(str(value)), "currency": currency, "event_type": "Lead"}
    assert "value" in join_events.problems(wanted.get)


def test_platforms_round_to_the_same_places() -> None:
    from decimal import Decimal

    from conversions.money import _EXPONENTS
    from dispatch.platforms.building import amount

    for currency, places in _EXPONENTS.items():
        least = Decimal(5).scaleb(-places - 1)
        assert (bool(amount(least, currency)), bool(amount(least * Decimal("0.99"), currency))) == (True, False)
