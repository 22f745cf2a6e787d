"""Conversions: their status as the law has it, and values submitted by hand."""

from decimal import Decimal

import pytest

from conversions.models import Conversion
from conversions.status import capi_status, with_capi_status
from dispatch.models import Send
from leads.models import AuditEntry
from tests.factories import ConversionFactory, PixelFactory, SendFactory

pytestmark = pytest.mark.django_db

CONVERSIONS = "/admin/conversions/conversion/"


def test_the_status_of_a_list_is_the_status_of_each() -> None:
    ConversionFactory()
    ConversionFactory(awaiting_value=True)
    for situations in (["sent"], ["failed"], ["skipped"], ["due"], ["sent", "due", "failed"], ["failed", "skipped"]):
        conversion = ConversionFactory(cold=True)
        for situation in situations:
            SendFactory(conversion=conversion, pixel=PixelFactory(site=conversion.site), **{situation: True})
    listed = with_capi_status(Conversion.objects.all())
    assert len(listed) == 8
    assert [row.capi for row in listed] == [capi_status(row) for row in listed]


def test_the_list_is_filtered_by_that_status(ops) -> None:
    failed, _sent = SendFactory(failed=True).conversion, SendFactory(sent=True).conversion
    rows = ops.get(CONVERSIONS + "?capi=failed").context["cl"].result_list
    assert [row.pk for row in rows] == [failed.pk]


@pytest.fixture
def awaiting(meta_pixel, site, channel) -> Conversion:
    return ConversionFactory(channel=channel, awaiting_value=True)


def submit(ops, conversion, **values):
    form = {"value": "49.90", "currency": "eur", "email": "Ada@Example.org", **values}
    return ops.post(f"{CONVERSIONS}{conversion.pk}/submit-value/", form)


def test_a_submitted_value_is_kept_and_sent(ops, awaiting) -> None:
    submit(ops, awaiting)
    awaiting.refresh_from_db()
    assert (awaiting.value, awaiting.currency, awaiting.awaiting_manual_input) == (Decimal("49.9"), "EUR", False)
    assert Send.objects.open().count() == 1
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.account) == ("conversion.submit_value", awaiting.account)
    assert "ada@example.org" not in str(list(AuditEntry.objects.values()) + list(Conversion.objects.values())).lower()


def test_the_same_value_twice_sends_once_and_another_is_refused(ops, awaiting) -> None:
    for _ in range(2):
        assert submit(ops, awaiting).status_code == 302
    answer = submit(ops, awaiting, value="50")
    assert "Another value was submitted" in answer.content.decode()
    assert Send.objects.count() == 1
    assert AuditEntry.objects.count() == 1


@pytest.mark.parametrize(
    ("field", "wrong"),
    [("value", "0"), ("value", ""), ("value", "NaN"), ("value", "1e13"), ("currency", "XXX"), ("email", "ada")],
)
def test_a_mistake_is_told_beside_its_field(ops, awaiting, field, wrong) -> None:
    answer = submit(ops, awaiting, **{field: wrong})
    assert list(answer.context["form"].errors) == [field]
    assert Conversion.objects.get().awaiting_manual_input


def test_a_value_that_goes_nowhere_says_so(ops, awaiting) -> None:
    page = ops.get(submit(ops, awaiting, email="")["Location"])
    assert "nothing goes out" in str(next(iter(page.context["messages"])))
