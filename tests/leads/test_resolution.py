"""Which site and channel an event belongs to."""

import pytest

from conversions.models import Conversion
from tests.api.conftest import CONVERSION
from tests.factories import ChannelFactory, ConversionFactory, LeadFactory, SiteFactory, VisitFactory

pytestmark = pytest.mark.django_db
PERSON = 123456789


@pytest.fixture
def other_channel(account):
    return ChannelFactory(site=SiteFactory(account=account, domain="other.example"))


def seen_on(channel, **values):
    lead = LeadFactory(site=channel.site, telegram_user_id=PERSON)
    return ConversionFactory(channel=channel, lead=lead, **values)


def without(body, *names):
    return {name: value for name, value in body.items() if name not in names}


def test_a_cold_lead_needs_a_site(refuse, lead) -> None:
    error = refuse(without(lead, "siteId"))
    assert error["message"] == "siteId or websiteId is required for a lead without history."


def test_a_cold_lead_needs_a_channel(refuse, lead) -> None:
    assert refuse(without(lead, "channelId"))["message"] == "channelId is required."


def test_a_website_id_names_the_site_as_well(accept, lead, site) -> None:
    assert accept({**without(lead, "siteId"), "websiteId": site.website_id})["siteId"] == site.pk


def test_both_names_must_be_of_one_site(refuse, lead, other_channel) -> None:
    refuse({**lead, "websiteId": other_channel.site.website_id})


@pytest.mark.promise("S1")
@pytest.mark.parametrize("name", ["siteId", "websiteId"])
def test_an_unknown_and_a_foreign_site_read_the_same(refuse, lead, stranger_site, name) -> None:
    foreign = stranger_site.pk if name == "siteId" else stranger_site.website_id
    body = without(lead, "siteId")
    assert refuse({**body, name: foreign}) == refuse({**body, name: "unknown"})


def test_history_supplies_site_and_channel(accept, lead, channel) -> None:
    seen_on(channel)
    answer = accept(without(lead, "siteId", "channelId") | {"eventType": "Subscribe"})
    assert (answer["siteId"], answer["channelId"], answer["coldLead"]) == (channel.site_id, channel.pk, False)


def test_of_two_sites_the_latest_wins_and_an_id_chooses(accept, lead, channel, other_channel) -> None:
    seen_on(channel)
    seen_on(other_channel)
    bare = without(lead, "siteId", "channelId") | {"eventType": "Subscribe"}
    assert accept(bare)["siteId"] == other_channel.site_id
    assert accept({**bare, "siteId": channel.site_id})["channelId"] == channel.pk
    assert accept({**bare, "channelId": channel.pk})["siteId"] == channel.site_id


def test_a_channel_of_the_leads_site_is_enough_though_never_seen_there(accept, lead, channel) -> None:
    seen_on(channel)
    paid = ChannelFactory(site=channel.site)
    answer = accept({**without(lead, "siteId"), "channelId": paid.pk})
    assert (answer["siteId"], answer["coldLead"]) == (channel.site_id, False)


@pytest.mark.parametrize("wanted", ["chn_unknown", "-100999", "-x", "-"])
def test_an_unknown_channel_is_not_found(refuse, lead, wanted) -> None:
    refuse({**lead, "channelId": wanted}, status=404, code="CHANNEL_NOT_FOUND")


def test_a_channel_of_another_site_or_switched_off_is_not_found(refuse, lead, other_channel, site) -> None:
    gone = ChannelFactory(site=site, is_active=False)
    for channel in (other_channel, gone):
        refuse({**lead, "channelId": channel.pk}, status=404, code="CHANNEL_NOT_FOUND")


def test_a_warm_event_inherits_session_and_visit(accept, lead, channel) -> None:
    visit = VisitFactory(site=channel.site)
    seen_on(channel, visit=visit, session=visit.session)
    accept(without(lead, "siteId", "channelId", "fbc") | {"eventType": "Subscribe"})
    conversion = Conversion.objects.latest("id")
    assert (conversion.visit, conversion.session, conversion.is_cold) == (visit, visit.session, False)


def test_signals_of_the_request_win_over_the_visits_field_by_field(accept, lead, channel, meta_pixel) -> None:
    from dispatch.events import outgoing_event

    visit = VisitFactory(site=channel.site, fbc="fb.1.1.visit", fbp="fb.1.1.1", user_agent="Visit/1")
    seen_on(channel, visit=visit, session=visit.session)
    accept({"telegramUserId": PERSON, "eventType": "Subscribe", "fbc": "fb.1.1791990000123.request"})
    event = outgoing_event(Conversion.objects.latest("id"))
    assert (event.fbc, event.fbp, event.user_agent) == ("fb.1.1791990000123.request", "fb.1.1.1", "Visit/1")


def test_a_lead_known_from_the_api_alone_keeps_its_click(accept, lead, meta_pixel) -> None:
    accept(lead)
    answer = accept({"telegramUserId": PERSON, "eventType": "Subscribe"})
    assert (answer["coldLead"], answer["dispatched"]) == (False, True)
    assert Conversion.objects.latest("id").api_visit_override["fbc"] == lead["fbc"]


def test_a_test_event_is_no_history_for_a_live_key(refuse, lead, channel) -> None:
    seen_on(channel, is_test=True)
    refuse(without(lead, "siteId", "channelId"))


def test_history_of_another_account_is_no_history(refuse, lead, stranger_channel) -> None:
    seen_on(stranger_channel)
    refuse(without(lead, "siteId", "channelId"))


class TestLeadEvents:
    PATH = f"/api/v1/leads/{PERSON}/events"

    def test_a_known_lead_needs_no_ids(self, api, channel, meta_pixel) -> None:
        seen_on(channel)
        answer = api.post(self.PATH, {"eventType": "Subscribe", "fbc": "fb.1.1.x", "userAgent": "M"})
        assert answer.status_code == 200
        assert (answer.json()["channelId"], answer.json()["coldLead"]) == (channel.pk, False)

    @pytest.mark.parametrize("ids", [(), ("siteId",), ("channelId",)])
    def test_an_unknown_lead_without_both_ids_is_not_found(self, refuse, lead, ids) -> None:
        body = without(lead, "telegramUserId", *({"siteId", "channelId"} - set(ids)))
        refuse(body, status=404, code="LEAD_NOT_FOUND", path=self.PATH)

    def test_with_both_ids_it_is_the_cold_call(self, api, lead) -> None:
        answer = api.post(self.PATH, without(lead, "telegramUserId")).json()
        assert answer["coldLead"] is True

    def test_another_person_in_the_body_is_refused(self, refuse, lead) -> None:
        refuse({**lead, "telegramUserId": 5}, path=self.PATH)

    def test_the_same_person_in_the_body_is_fine(self, api, lead) -> None:
        assert api.post(self.PATH, {**lead, "telegramUserId": str(PERSON)}).status_code == 200

    @pytest.mark.parametrize("person", ["0", "abc", "-1", str(2**52), "1.0", "٣", "1e3"])
    def test_a_path_that_names_nobody_is_refused(self, refuse, lead, person) -> None:
        refuse(without(lead, "telegramUserId"), path=f"/api/v1/leads/{person}/events")

    def test_wrong_values_are_named_before_the_lead_is_looked_for(self, refuse) -> None:
        refuse({"eventType": "?"}, path=self.PATH)


def test_conversion_path_is_the_documented_one() -> None:
    assert CONVERSION == "/api/v1/events/conversion"
