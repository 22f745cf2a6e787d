"""Any parameter of the landing page that a site lists is kept to the letter, like a click id."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from conversions.erasing import erase_person
from conversions.models import Conversion
from conversions.retention import forget_old
from dispatch.events import outgoing_event
from tests.factories import ConversionFactory
from tracker.models import Visit

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _listed(site) -> None:
    site.kept_query_parameters = ["Sub_9", "net[click]", *(f"p{number}" for number in range(25))]
    site.save()


def many(count: int, value: str = "x") -> str:
    return "?" + "&".join(f"p{number}={value}" for number in range(count))


# ------------------------------------------------------------------ on the visit
def test_a_listed_parameter_is_kept_verbatim(browser) -> None:
    visit = browser.visit("?sub_9=AbC.d-e_f%2B+%F0%9F%A6%8A&net[click]=%3Cb%3E")
    assert visit.parameters == {"sub_9": "AbC.d-e_f++🦊", "net[click]": "<b>"}


def test_its_name_is_found_in_any_case(browser) -> None:
    assert browser.visit("?SUB_9=a").parameters == {"sub_9": "a"}


def test_others_are_not_kept(browser) -> None:
    assert browser.visit("?email=anna@acme.example&sub_9=a").parameters == {"sub_9": "a"}


def test_twenty_are_kept(browser) -> None:
    assert list(browser.visit(many(25)).parameters) == [f"p{number}" for number in range(20)]


@pytest.mark.parametrize(("length", "kept"), [(2048, 1), (2049, 0)])
def test_one_is_kept_whole_or_not_at_all(browser, length, kept) -> None:
    assert len(browser.visit(f"?sub_9={'x' * length}").parameters) == kept


def test_twenty_of_the_longest_leave_other_facts_alone(browser) -> None:
    visit = browser.visit(f"{many(20, 'x' * 2048)}&gclid=Cj0&utm_source=fb")
    assert [len(value) for value in visit.parameters.values()] == [2048] * 20
    assert (visit.gclid, visit.utm_source) == ("Cj0", "fb")
    assert visit.user_agent


def test_a_click_id_is_kept_once(browser, site) -> None:
    site.kept_query_parameters = ["gclid", "utm_source"]
    site.save()
    assert browser.visit("?gclid=Cj0&utm_source=fb").parameters == {}


# ------------------------------------------------------------------ with the visitor
def test_a_later_page_keeps_it(browser) -> None:
    browser.visit("?sub_9=a")
    assert browser.visit("?p1=b").parameters == {"sub_9": "a", "p1": "b"}


def test_a_newer_value_replaces_it(browser) -> None:
    browser.visit("?sub_9=a")
    assert browser.visit("?sub_9=b").parameters == {"sub_9": "b"}


def test_new_ones_come_before_old_ones(browser) -> None:
    browser.visit(many(20))
    visit = browser.visit("?sub_9=a")
    assert visit.parameters["sub_9"] == "a"
    assert len(visit.parameters) == 20


@pytest.mark.parametrize(("days", "kept"), [(89, {"sub_9": "a"}), (91, {})])
def test_it_is_forgotten_after_ninety_days(browser, days, kept) -> None:
    with time_machine.travel(timezone.now() - timedelta(days=days), tick=False):
        browser.visit("?sub_9=a")
    with time_machine.travel(timezone.now() - timedelta(days=10), tick=False):
        browser.visit()
    assert browser.visit().parameters == kept


def test_a_tap_brings_its_own(browser, channel) -> None:
    browser.tap(sub_9="a")
    assert Visit.objects.get().parameters == {"sub_9": "a"}


# ------------------------------------------------------------------ with the event
def test_a_tracked_event_has_it(browser, channel) -> None:
    visit = browser.visit("?sub_9=a")
    event = outgoing_event(ConversionFactory(channel=channel, visit=visit))
    assert event.parameters == {"sub_9": "a"}
    assert "sub_9" not in str(event.more_ids)


def told(api, channel, **body) -> Conversion:
    where = {"siteId": channel.site_id, "channelId": channel.pk, "telegramUserId": 7_001, "eventType": "Lead"}
    answer = api.post("/api/v1/events/conversion", where | body)
    return Conversion.objects.select_related("visit", "site").get(pk=answer.json()["conversionId"])


def test_an_event_takes_it_from_its_url(api, channel) -> None:
    conversion = told(api, channel, eventSourceUrl="https://acme.example/?sub_9=a&secret=b")
    assert outgoing_event(conversion).parameters == {"sub_9": "a"}


def test_a_later_event_of_the_person_has_it(api, channel) -> None:
    told(api, channel, eventSourceUrl="https://acme.example/?sub_9=a")
    assert outgoing_event(told(api, channel, eventType="Subscribe")).parameters == {"sub_9": "a"}


# ------------------------------------------------------------------ erased, forgotten
def test_erasing_takes_it_away(browser, channel, account) -> None:
    conversion = ConversionFactory(channel=channel, visit=browser.visit("?sub_9=Click-77"))
    erase_person(account, conversion.telegram_user_id, actor="test", now=timezone.now())
    assert Visit.objects.get().parameters == {}
    assert "Click-77" not in str(Visit.objects.values().get())


def test_retention_takes_it_away(browser) -> None:
    with time_machine.travel(timezone.now() - timedelta(days=91), tick=False):
        visit = browser.visit("?sub_9=a")
    Visit.objects.update(client_ip="", user_agent="", city="")
    assert forget_old(timezone.now()).visits == 1
    visit.refresh_from_db()
    assert visit.parameters == {}
    assert forget_old(timezone.now()).visits == 0
