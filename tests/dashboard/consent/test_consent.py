"""The page that shows what share of visitors said what."""

import pytest
from django.test import Client
from django.utils import timezone

from adtarget.core.consent import read_said
from dispatch.choices import Reason
from leads.models import Channel, Site
from tests.factories import ConversionFactory, SendFactory, VisitFactory

pytestmark = pytest.mark.django_db


def visited(site: Site, **given) -> None:
    VisitFactory(site=site, consent=read_said(given, at=1)[0].as_json(), visited_at=timezone.now())


def test_shares_are_counted_by_site(viewer: Client, home: str, site: Site, stranger_site: Site) -> None:
    visited(site, ads=True, userData=False)
    visited(site, consentMode={"ad_storage": "granted"})
    visited(site)
    visited(stranger_site, ads=False)
    (found,) = viewer.get(f"{home}consent/").context["sites"]
    ads, user_data = found.answers[:2]
    assert (found.visits, ads.yes, ads.no, ads.silent) == (3, 2, 0, 1)
    assert (user_data.yes, user_data.no, user_data.silent) == (0, 1, 2)
    assert found.sources == [("Google Consent Mode", 1), ("adtarget.consent", 1)]


def test_the_sentences_that_decided_are_counted(viewer: Client, home: str, channel: Channel) -> None:
    conversion = ConversionFactory(channel=channel)
    SendFactory(conversion=conversion, skipped=True, reason=Reason.CONSENT_DENIED, error_message="No to ads.")
    page = viewer.get(f"{home}consent/")
    assert page.context["denials"] == [("No to ads.", 1)]
    assert "No to ads." in page.text


def test_a_stranger_sees_nothing(client: Client, home: str, site: Site) -> None:
    assert client.get(f"{home}consent/").status_code == 302


def test_the_page_takes_few_queries(viewer: Client, home: str, site: Site, django_assert_max_num_queries) -> None:
    visited(site, ads=True)
    with django_assert_max_num_queries(10):
        viewer.get(f"{home}consent/")
