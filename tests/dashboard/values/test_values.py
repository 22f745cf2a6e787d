"""Submitting values by hand: each once, the urgent first."""

from datetime import timedelta
from decimal import Decimal
from threading import Thread

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from conversions.models import Conversion
from dispatch.models import Send
from leads.choices import Role
from leads.models import Account, AuditEntry, Channel, Site
from tests.factories import ConversionFactory, PixelFactory


@pytest.fixture
def purchase(channel: Channel, meta_pixel: object) -> Conversion:
    return ConversionFactory(channel=channel, awaiting_value=True, warm=True)


def submit(browser: Client, conversion: Conversion, **given: str):
    url = f"/accounts/{conversion.account_id}/values/{conversion.pk}/"
    return browser.post(url, {"value": "49.90", "currency": "EUR"} | given, follow=True)


def test_a_value_is_submitted_and_on_its_way(staff: Client, purchase: Conversion) -> None:
    assert "Submitted for Telegram user" in submit(staff, purchase).text
    purchase.refresh_from_db()
    assert (purchase.value, purchase.currency) == (Decimal("49.9"), "EUR")
    assert Send.objects.filter(conversion=purchase).count() == 1
    assert AuditEntry.objects.get().target == purchase.pk


def test_a_second_click_submits_nothing_more(staff: Client, purchase: Conversion) -> None:
    submit(staff, purchase)
    assert "Already submitted" in submit(staff, purchase).text
    assert Send.objects.count() == 1
    assert AuditEntry.objects.count() == 1


def test_the_second_of_two_people_is_told_of_the_first(staff: Client, owner: Client, purchase: Conversion) -> None:
    submit(staff, purchase)
    assert "Another value was submitted" in submit(owner, purchase, value="50").text
    purchase.refresh_from_db()
    assert purchase.value == Decimal("49.9")


@pytest.mark.django_db(transaction=True)
def test_two_people_at_the_same_moment_submit_once(signed_in, purchase: Conversion) -> None:
    browsers = [signed_in(role) for role in (Role.STAFF, Role.OWNER, Role.MANAGER)]
    pages: list[str] = []

    def click(browser: Client, value: str) -> None:
        pages.append(submit(browser, purchase, value=value).text)
        connection.close()

    threads = [Thread(target=click, args=(browser, str(10 + n))) for n, browser in enumerate(browsers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum("Submitted for" in page for page in pages) == 1
    assert sum("Another value was submitted" in page for page in pages) == 2
    assert Send.objects.count() == AuditEntry.objects.count() == 1


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"value": ""}, "This field is required."),
        ({"value": "much"}, "Write a number"),
        ({"value": "0"}, "It must be greater than 0"),
        ({"value": "NaN"}, "finite number"),
        ({"value": "1,234"}, "Write a number"),
        ({"currency": "XXX"}, "ISO 4217"),
        ({"email": "ada"}, "valid email"),
        ({"phone": "12"}, "country code"),
    ],
)
def test_a_mistake_is_told_beside_its_field(
    staff: Client, purchase: Conversion, given: dict[str, str], problem: str
) -> None:
    page = submit(staff, purchase, **given)
    assert page.status_code == 422
    field = next(iter(given))
    assert f'id="{purchase.pk}_{field}_error"' in page.text
    assert problem in page.text
    assert not Send.objects.exists()


def test_a_decimal_comma_is_understood(staff: Client, purchase: Conversion) -> None:
    submit(staff, purchase, value="49,90", currency="eur")
    purchase.refresh_from_db()
    assert (purchase.value, purchase.currency) == (Decimal("49.9"), "EUR")


def test_contacts_are_kept_as_hashes_only(staff: Client, purchase: Conversion) -> None:
    submit(staff, purchase, email="Ada@Example.com", phone="+49 30 1234567")
    purchase.refresh_from_db()
    assert len(purchase.pii["email"]) == len(purchase.pii["phone_e164"]) == 64
    assert "example" not in str(purchase.pii)


def test_the_currency_is_remembered(staff: Client, purchase: Conversion, channel: Channel) -> None:
    ConversionFactory(channel=channel, awaiting_value=True)
    assert 'value="USD" id' not in submit(staff, purchase, value="x", currency="USD").text.split(purchase.pk)[0]
    assert 'name="currency" value="USD"' in submit(staff, purchase, currency="USD").text


def test_a_paused_site_takes_no_value(staff: Client, purchase: Conversion, site: Site) -> None:
    Site.objects.filter(pk=site.pk).update(is_paused=True)
    assert "paused by its owner" in submit(staff, purchase).text
    purchase.refresh_from_db()
    assert purchase.awaiting_manual_input


def test_a_viewer_reads_and_submits_nothing(viewer: Client, home: str, purchase: Conversion) -> None:
    page = viewer.get(home + "values/").text
    assert str(purchase.telegram_user_id) in page
    assert 'name="value"' not in page
    assert submit(viewer, purchase).status_code == 403
    assert viewer.get(home + "values/several/").status_code == 403


def test_anothers_conversion_is_not_found(staff: Client, home: str, stranger_channel: Channel) -> None:
    theirs = ConversionFactory(channel=stranger_channel, awaiting_value=True)
    assert submit(staff, theirs).status_code == 404
    assert staff.post(f"{home}values/{theirs.pk}/", {"value": "1", "currency": "EUR"}).status_code == 404
    assert theirs.pk not in staff.get(home + "values/").text


def test_what_a_platform_soon_refuses_comes_first(staff: Client, home: str, channel: Channel, account: Account) -> None:
    """Seven days at Meta, ninety at Google: age alone is not urgency."""
    PixelFactory(site=channel.site)
    PixelFactory(site=channel.site, google=True)
    ages = {"too old for Meta": 8, "fresh": 0, "closing": 6.9, "too old for all": 91}
    now = timezone.now()
    made = {
        ConversionFactory(channel=channel, awaiting_value=True, event_time=now - timedelta(days=days)).pk: name
        for name, days in ages.items()
    }
    items = staff.get(home + "values/").context["items"]
    assert [made[item["conversion"].pk] for item in items] == [
        "closing",
        "fresh",
        "too old for Meta",
        "too old for all",
    ]
    assert [[window.platform for window in item["windows"]] for item in items] == [
        ["Meta", "Google"],
        ["Meta", "Google"],
        ["Google"],
        [],
    ]


@pytest.mark.promise("S15")
def test_stored_markup_is_shown_as_text(staff: Client, home: str, channel: Channel) -> None:
    Channel.objects.filter(pk=channel.pk).update(title="<script>alert(1)</script>")
    ConversionFactory(channel=channel, awaiting_value=True)
    page = staff.get(home + "values/").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


def test_a_full_inbox_takes_no_query_per_row(
    staff: Client, home: str, channel: Channel, django_assert_num_queries
) -> None:
    PixelFactory(site=channel.site)
    ConversionFactory.create_batch(30, channel=channel, awaiting_value=True)
    staff.get(home + "values/")
    with django_assert_num_queries(7):
        staff.get(home + "values/")
