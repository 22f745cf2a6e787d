"""Personal data in the addresses of pages: what is kept and sent of them, whoever names them."""

import json
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps

from conversions.models import Conversion
from dispatch.events import outgoing_event
from leads.models import Channel
from tests.factories import AttemptFactory, ConversionFactory, SendFactory, VisitFactory
from tracker.models import Visit

pytestmark = pytest.mark.django_db
migration = import_module("dispatch.migrations.0006_clean_stored_urls")
LEAD = {"telegramUserId": 7, "eventType": "Lead", "fbc": "fb.1.1700000000000.AbC", "userAgent": "Firefox/1"}
SECRET = "email=anna%40acme.example&phone=49151"
DIRTY, CLEAN = f"https://acme.example/vip?{SECRET}&utm_source=fb#top", "https://acme.example/vip?utm_source=fb"


def tell(api: Any, channel: Channel, page: str) -> None:
    where = {"siteId": channel.site_id, "channelId": channel.pk}
    assert api.post("/api/v1/events/conversion", LEAD | where | {"eventSourceUrl": page}).status_code == 200


@pytest.mark.promise("S9")
@pytest.mark.parametrize("field", ["url", "landing_page", "referrer"])
def test_a_visit_keeps_no_personal_data(browser, field) -> None:
    address = f"https://acme.example/vip?{SECRET}&utm_source=fb&fbclid=IwAR0#anna@acme.example"
    browser.init(href=address, landingPage=address, referrer=address)
    assert getattr(Visit.objects.get(), field) == "https://acme.example/vip?utm_source=fb&fbclid=IwAR0"


def test_a_tap_keeps_none_of_its_page(browser, channel) -> None:
    browser.tap(headers={"Referer": f"https://acme.example/vip?{SECRET}"})
    assert Visit.objects.get().url == "https://acme.example/vip"


def test_a_name_the_site_lists_is_kept(browser) -> None:
    browser.site.kept_query_parameters = ["Plan"]
    browser.site.save()
    assert browser.visit(f"?plan=gold&{SECRET}").url == "https://acme.example/?plan=gold"


@pytest.mark.promise("S9")
def test_an_event_keeps_and_sends_none(api, channel, meta_pixel) -> None:
    page = f"https://acme.example/thanks?{SECRET}&gclid=Cj0#x"
    tell(api, channel, page)
    conversion = Conversion.objects.get()
    assert "anna" not in json.dumps(conversion.api_visit_override)
    assert outgoing_event(conversion).event_source_url == "https://acme.example/thanks?gclid=Cj0"


def test_a_repeated_event_keeps_none(api, channel, meta_pixel) -> None:
    for page in ("https://acme.example/", f"https://acme.example/thanks?{SECRET}"):
        tell(api, channel, page)
    assert Conversion.objects.get().api_visit_override["event_source_url"] == "https://acme.example/thanks"


def test_what_was_stored_before_is_sent_without(channel) -> None:
    visit = VisitFactory(
        site=channel.site, url=f"https://acme.example/?{SECRET}", referrer=f"https://a.example/?{SECRET}"
    )
    event = outgoing_event(ConversionFactory(channel=channel, visit=visit))
    assert (event.event_source_url, event.referrer) == ("https://acme.example/", "https://a.example/")


class TestStoredBefore:
    """The migration that cleans what older versions stored."""

    def test_visits_are_cleaned(self, channel) -> None:
        VisitFactory(site=channel.site, url=DIRTY, landing_page=DIRTY, referrer="https://a.example/")
        migration.clean(apps, None)
        visit = Visit.objects.get()
        assert (visit.url, visit.landing_page, visit.referrer) == (CLEAN, CLEAN, "https://a.example/")

    def test_events_are_cleaned(self, channel) -> None:
        conversion = ConversionFactory(channel=channel, api_visit_override={"event_source_url": DIRTY, "fbp": "x?y"})
        migration.clean(apps, None)
        conversion.refresh_from_db()
        assert conversion.api_visit_override == {"event_source_url": CLEAN, "fbp": "x?y"}

    def test_payloads_of_attempts_are_cleaned(self, meta_pixel) -> None:
        send = SendFactory(pixel=meta_pixel, failed=True)
        attempt = AttemptFactory(send=send, request={"page": {"url": DIRTY}, "list": [DIRTY, 7]})
        migration.clean(apps, None)
        attempt.refresh_from_db()
        assert attempt.request == {"page": {"url": CLEAN}, "list": [CLEAN, 7]}

    def test_rows_beyond_the_first_chunk_are_cleaned(self, channel, monkeypatch) -> None:
        monkeypatch.setattr(migration, "AT_ONCE", 2)
        VisitFactory.create_batch(5, site=channel.site, url=DIRTY)
        migration.clean(apps, None)
        assert set(Visit.objects.values_list("url", flat=True)) == {CLEAN}
