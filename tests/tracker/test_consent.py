"""What a visitor agreed to is kept with the visit; the latest answer counts for all of theirs."""

import pytest

from conversions.erasing import erase_person
from tests.core.consent.test_strings import tc_string
from tests.factories import ConversionFactory, LeadFactory
from tracker.models import Visit

pytestmark = pytest.mark.django_db
TCF = tc_string(consents={1, 7})
YES = {"ads": True, "userData": True}


def test_an_answer_is_kept_decoded_and_as_it_came(browser) -> None:
    kept = browser.visit(consent={"tcf": TCF, "gdprApplies": True}).consent
    assert (kept["ads"], kept["userData"], kept["personalization"]) == (True, True, False)
    assert kept["raw"] == {"tcf": TCF, "gdprApplies": True}
    assert kept["at"] > 0


def test_a_visit_without_an_answer_keeps_none(browser) -> None:
    assert browser.visit().consent == {}


def test_a_later_page_has_the_earlier_answer(browser) -> None:
    browser.visit(consent=YES)
    assert browser.visit("page").consent["ads"] is True


def test_a_changed_mind_reaches_earlier_visits(browser) -> None:
    first = browser.visit(consent=YES)
    browser.visit("page", consent={"ads": False})
    first.refresh_from_db()
    assert first.consent["ads"] is False


def test_an_answer_given_late_is_filled_in(browser) -> None:
    visit = browser.visit()
    assert browser.update(consent=YES).json() == {"success": True}
    visit.refresh_from_db()
    assert visit.consent["userData"] is True


@pytest.mark.parametrize(
    "consent", ["yes", {"ads": "yes"}, {"tcf": "x" * 3000}, {"consentMode": {"ad_storage": "maybe"}}, {"tcf": "?"}]
)
def test_an_unreadable_answer_loses_no_visit(browser, consent) -> None:
    assert browser.visit(consent=consent).consent == {}


def test_another_visitors_answer_is_untouched(browser, site) -> None:
    other = browser.visit(consent=YES, tempId="11111111-6f0a-4d3c-8a52-1f2e3d4c5b6a")
    browser.visit(consent={"ads": False})
    other.refresh_from_db()
    assert other.consent["ads"] is True


def test_a_repeated_answer_costs_no_statement_more(browser, django_assert_max_num_queries) -> None:
    browser.visit(consent=YES)
    with django_assert_max_num_queries(6):
        browser.init(consent=YES)


def test_erasing_a_person_forgets_what_they_said(browser, channel, account) -> None:
    visit = browser.visit(consent=YES)
    lead = LeadFactory(site=channel.site)
    conversion = ConversionFactory(channel=channel, lead=lead, visit=visit, consent={"ads": True})
    erase_person(account, lead.telegram_user_id, actor="test", now=visit.visited_at)
    conversion.refresh_from_db()
    assert (conversion.consent, Visit.objects.get(pk=visit.pk).consent) == ({}, {})
