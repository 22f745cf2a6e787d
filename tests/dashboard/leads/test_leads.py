"""Finding a person, and the person's story."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from leads.choices import Role
from leads.models import Channel, Lead, Site
from tests.factories import (
    AttemptFactory,
    ConversionFactory,
    InviteFactory,
    JoinFactory,
    LeadFactory,
    PixelFactory,
    SendFactory,
    VisitFactory,
)


@pytest.fixture
def ada(channel: Channel) -> Lead:
    lead = LeadFactory(site=channel.site, telegram_user_id=4242, telegram_username="Ada", external_user_id="customer-7")
    LeadFactory(site=channel.site, telegram_user_id=4243)
    ConversionFactory(pk="cnv_ada", channel=channel, lead=lead, order_id="order-9")
    return lead


@pytest.mark.parametrize("text", ["4242", "@ada", "Ada", "customer-7", "cnv_ada", "order-9", " 4242 "])
def test_each_id_of_a_person_finds_them_alone(viewer: Client, home: str, ada: Lead, text: str) -> None:
    assert list(viewer.get(f"{home}leads/", {"q": text}).context["rows"]) == [ada]


@pytest.mark.parametrize("text", ["424", "order", "@", "9" * 30, "'; drop table"])
def test_what_nobody_is_called_finds_nobody(viewer: Client, home: str, ada: Lead, text: str) -> None:
    rows = viewer.get(f"{home}leads/", {"q": text}).context["rows"]
    assert list(rows) == []


def test_anothers_person_is_not_found(viewer: Client, home: str, stranger_channel: Channel) -> None:
    theirs = LeadFactory(site=stranger_channel.site, telegram_user_id=99)
    ConversionFactory(channel=stranger_channel, lead=theirs, order_id="order-1")
    for text in ("99", "order-1"):
        assert list(viewer.get(f"{home}leads/", {"q": text}).context["rows"]) == []
    for lead_id in (theirs.pk, 10**30):
        assert viewer.get(f"{home}leads/{lead_id}/").status_code == 404


def test_a_story_is_told_from_the_click_to_the_leave(viewer: Client, home: str, channel: Channel) -> None:
    start = timezone.now() - timedelta(days=2)
    hours = iter(start + timedelta(hours=hour) for hour in range(20))
    visit = VisitFactory(site=channel.site, from_meta=True, utm_source="facebook", visited_at=next(hours))
    invite = InviteFactory(channel=channel, visit=visit, given_at=next(hours), used_at=start)
    lead = LeadFactory(site=channel.site)
    join = JoinFactory(channel=channel, lead=lead, invite=invite, visit=visit, joined_at=next(hours))
    conversion = ConversionFactory(channel=channel, lead=lead, visit=visit, attributed_at=next(hours))
    send = SendFactory(conversion=conversion, failed=True, created_at=next(hours))
    AttemptFactory(send=send, refused=True, started_at=next(hours), message="no such pixel")
    join.left_at = next(hours)
    join.save()
    moments = viewer.get(f"{home}leads/{lead.pk}/").context["moments"]
    kinds = ["visit", "invite", "join", "conversion", "send", "attempt", "leave"]
    assert [moment.kind for moment in moments] == kinds
    assert "facebook" in moments[0].detail
    assert "Meta click id" in moments[0].detail
    assert "no such pixel" in moments[5].detail


def test_the_same_browsers_earlier_visits_belong_to_the_story(viewer: Client, home: str, channel: Channel) -> None:
    lead, visit = LeadFactory(site=channel.site), VisitFactory(site=channel.site)
    VisitFactory(site=channel.site, temp_id=visit.temp_id, session=visit.session)
    VisitFactory(site=channel.site)
    JoinFactory(channel=channel, lead=lead, visit=visit)
    moments = viewer.get(f"{home}leads/{lead.pk}/").context["moments"]
    assert [moment.kind for moment in moments].count("visit") == 2


def test_a_long_story_takes_no_query_per_chapter(
    viewer: Client, home: str, channel: Channel, django_assert_num_queries
) -> None:
    lead, pixel = LeadFactory(site=channel.site), PixelFactory(site=channel.site)
    for _ in range(5):
        conversion = ConversionFactory(channel=channel, lead=lead, warm=True)
        InviteFactory(channel=channel, visit=conversion.visit, given_at=timezone.now())
        AttemptFactory(send=SendFactory(conversion=conversion, pixel=pixel))
    viewer.get(f"{home}leads/{lead.pk}/")
    with django_assert_num_queries(13):
        viewer.get(f"{home}leads/{lead.pk}/")


def test_the_list_takes_no_query_per_person(
    viewer: Client, home: str, channel: Channel, django_assert_num_queries
) -> None:
    LeadFactory.create_batch(51, site=channel.site)
    viewer.get(home + "leads/")
    with django_assert_num_queries(6):
        page = viewer.get(home + "leads/")
    assert len(page.context["rows"]) == 50
    assert len(viewer.get(home + "leads/?page=2").context["rows"]) == 1


@pytest.mark.parametrize(("role", "status"), [("owner", 302), ("manager", 403), ("viewer", 403)])
def test_owners_erase_a_person(signed_in, home: str, site: Site, role: str, status: int) -> None:
    lead = LeadFactory(site=site, telegram_user_id=4711)
    browser = signed_in(Role(role))
    assert ("Erase this person" in browser.get(f"{home}leads/{lead.pk}/").text) == (role == "owner")
    assert browser.post(f"{home}leads/{lead.pk}/erase/").status_code == status
    assert Lead.objects.filter(telegram_user_id=4711).exists() == (role != "owner")


def test_anothers_person_is_not_erased(owner: Client, home: str, stranger_channel: Channel) -> None:
    theirs = LeadFactory(site=stranger_channel.site)
    assert owner.post(f"{home}leads/{theirs.pk}/erase/").status_code == 404
    assert Lead.objects.filter(telegram_user_id=theirs.telegram_user_id).exists()


def test_only_ops_are_led_to_the_admin(owner: Client, home: str, ada: Lead) -> None:
    assert "In the admin" not in owner.get(f"{home}leads/{ada.pk}/").text
