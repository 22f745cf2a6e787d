"""What no send needs any more is forgotten; figures stay."""

from datetime import timedelta

import pytest
from django.utils import timezone

from conversions import retention
from tests.factories import AttemptFactory, ConversionFactory, VisitFactory

pytestmark = pytest.mark.django_db

NOW = timezone.now()
OLD, YOUNG = NOW - timedelta(days=91), NOW - timedelta(days=89)


@pytest.mark.promise("S9")
def test_old_addresses_hashes_and_payloads_are_blanked() -> None:
    visit = VisitFactory(visited_at=OLD, city="Berlin", utm_source="fb")
    conversion = ConversionFactory(
        attributed_at=OLD, pii={"email": "hash"}, api_visit_override={"client_ip": "1.2.3.4"}
    )
    attempt = AttemptFactory(started_at=OLD, request={"em": ["hash"]}, response="…", code="100")
    assert retention.forget_old(NOW) == retention.Forgotten(visits=1, conversions=1, attempts=1)
    for row in (visit, conversion, attempt):
        row.refresh_from_db()
    assert (visit.client_ip, visit.user_agent, visit.city, visit.utm_source) == ("", "", "", "fb")
    assert (conversion.pii, conversion.api_visit_override) == ({}, {})
    assert (attempt.request, attempt.response, attempt.code) == ({}, "", "100")
    assert retention.forget_old(NOW) == retention.Forgotten(visits=0, conversions=0, attempts=0)


def test_what_a_send_may_still_need_stays(settings) -> None:
    visit = VisitFactory(visited_at=YOUNG)
    assert retention.forget_old(NOW).visits == 0
    settings.PERSONAL_DATA_DAYS = 8
    assert retention.forget_old(NOW).visits == 1
    visit.refresh_from_db()
    assert visit.client_ip == ""


def test_it_goes_through_all_in_chunks(monkeypatch) -> None:
    monkeypatch.setattr(retention, "AT_ONCE", 2)
    VisitFactory.create_batch(5, visited_at=OLD)
    assert retention.forget_old(NOW).visits == 5
