"""GET /leads, /channels, /conversions, /sends; the schema; POST …/value; queries of the hot path."""

import json
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from conversions.choices import EventType
from conversions.models import Conversion
from dispatch.choices import SendStatus
from dispatch.models import Send
from leads import api_keys
from tests.api.conftest import CONVERSION
from tests.conftest import Api
from tests.factories import (
    AttemptFactory,
    ChannelFactory,
    ConversionFactory,
    LeadFactory,
    SendFactory,
    SiteFactory,
)

pytestmark = pytest.mark.django_db
PERSON = 777


def seen(channel, **values):
    lead = values.pop("lead", None) or LeadFactory(
        site=channel.site, telegram_user_id=PERSON, external_user_id=values.pop("external", "")
    )
    return ConversionFactory(channel=channel, lead=lead, **values)


class TestLead:
    def test_the_answer_is_the_pages(self, api, channel, meta_pixel) -> None:
        conversion = seen(channel, purchase=True, external="user-7")
        SendFactory(conversion=conversion, pixel=meta_pixel, sent=True)
        lead = conversion.lead
        answer = api.get(f"/api/v1/leads/{PERSON}").json()
        attributed = int(conversion.attributed_at.timestamp() * 1000)
        assert answer["telegramUserId"] == PERSON
        assert answer["externalUserId"] == "user-7"
        assert abs(answer["firstSeenAt"] - int(lead.first_seen_at.timestamp() * 1000)) <= 1
        [one] = answer["conversions"]
        assert abs(one.pop("attributedAt") - attributed) <= 1
        one.pop("eventTime")
        assert one == {
            "conversionId": conversion.pk,
            "eventId": conversion.pk,
            "channelId": channel.pk,
            "eventType": "Purchase",
            "capiStatus": "sent",
            "eventValue": 49.9,
            "eventCurrency": "EUR",
            "source": "api",
        }

    def test_without_a_conversion_the_lead_is_not_found(self, api, site) -> None:
        LeadFactory(site=site, telegram_user_id=PERSON)
        answer = api.get(f"/api/v1/leads/{PERSON}")
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "LEAD_NOT_FOUND")

    def test_without_a_site_the_latest_conversions_site_answers(self, api, account, channel) -> None:
        other = ChannelFactory(site=SiteFactory(account=account))
        seen(channel)
        latest = seen(other)
        found = api.get(f"/api/v1/leads/{PERSON}").json()["conversions"]
        assert [one["conversionId"] for one in found] == [latest.pk]
        assert (
            api.get(f"/api/v1/leads/{PERSON}?websiteId={channel.site.website_id}").json()["siteId"] == channel.site_id
        )

    def test_newest_first_limited_and_paged(self, api, channel) -> None:
        lead = LeadFactory(site=channel.site, telegram_user_id=PERSON)
        now = timezone.now()
        made = [seen(channel, lead=lead, event_time=now - timedelta(minutes=5 - number)).pk for number in range(5)]
        path = f"/api/v1/leads/{PERSON}"

        def ids(query):
            return [one["conversionId"] for one in api.get(path + query).json()["conversions"]]

        assert ids("") == made[::-1]
        assert ids("?limit=2") == made[:2:-1]
        assert ids(f"?limit=2&before={made[3]}") == [made[2], made[1]]
        before = api.get(path).json()["conversions"][1]["attributedAt"]
        assert ids(f"?before={before}") == made[2::-1]

    @pytest.mark.parametrize(
        "query", ["limit=0", "limit=101", "limit=x", "limit=-1", "before=" + "9" * 30, "before=garbage", "siteId=%00"]
    )
    def test_a_wrong_query_is_refused(self, api, channel, query) -> None:
        seen(channel)
        answer = api.get(f"/api/v1/leads/{PERSON}?{query}")
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "INVALID_PAYLOAD")

    def test_ids_that_exist_elsewhere_page_as_unknown_ones_do(self, site, channel, account) -> None:
        seen(channel)
        elsewhere = seen(ChannelFactory(site=SiteFactory(account=account)))
        of_a_site = Api(api_keys.create_key(account=account, site=site, name="one site")[1])
        answers = {
            (answer.status_code, answer.content)
            for before in (elsewhere.pk, ConversionFactory(channel=channel).pk, "cnv_" + "0" * 26, "garbage")
            for answer in [of_a_site.get(f"/api/v1/leads/{PERSON}?before={before}")]
        }
        assert [status for status, _ in answers] == [400]

    def test_a_long_history_takes_few_queries(self, api, channel, meta_pixel, django_assert_max_num_queries) -> None:
        lead = LeadFactory(site=channel.site, telegram_user_id=PERSON)
        for _ in range(20):
            SendFactory(conversion=seen(channel, lead=lead), pixel=meta_pixel)
        api.get("/api/v1/channels")  # the key's last use is written once a minute
        with django_assert_max_num_queries(6):
            assert len(api.get(f"/api/v1/leads/{PERSON}").json()["conversions"]) == 20


@pytest.mark.parametrize(
    ("sends", "awaiting", "status"),
    [
        (["sent", "failed", "skipped", "pending"], False, "sent"),
        (["failed", "pending"], False, "pending"),
        (["failed", "skipped"], False, "failed"),
        (["skipped"], False, "skipped"),
        ([], False, "skipped"),
        ([], True, "pending"),
    ],
)
def test_the_capi_status_is_that_of_its_best_send(api, channel, sends, awaiting, status) -> None:
    conversion = seen(channel, **({"awaiting_value": True} if awaiting else {}))
    for one in sends:
        traits = {"pending": {"due": True}}.get(one, {one: True})
        from tests.factories import PixelFactory

        SendFactory(conversion=conversion, pixel=PixelFactory(site=channel.site), **traits)
    assert api.get(f"/api/v1/conversions/{conversion.pk}").json()["capiStatus"] == status


def test_a_conversion_tells_of_each_send(api, channel, meta_pixel) -> None:
    conversion = seen(channel)
    send = SendFactory(
        conversion=conversion, pixel=meta_pixel, failed=True, error_message="Invalid parameter", error_trace_id="A1"
    )
    [told] = api.get(f"/api/v1/conversions/{conversion.pk}").json()["sends"]
    assert told == {
        "sendId": send.pk,
        "platform": "meta",
        "pixelId": "1234567890",
        "status": "failed",
        "reason": "rejected",
        "attempts": 1,
        "lastError": {"code": "100", "message": "Invalid parameter", "traceId": "A1"},
    }


def test_a_waiting_send_tells_when_it_is_tried_next(api, channel, meta_pixel) -> None:
    conversion = seen(channel)
    send = SendFactory(conversion=conversion, pixel=meta_pixel, waiting=True)
    [told] = api.get(f"/api/v1/conversions/{conversion.pk}").json()["sends"]
    assert abs(told["nextAttemptAt"] - send.due_at.timestamp() * 1000) < 2


def test_a_send_tells_of_each_attempt(api, channel, meta_pixel) -> None:
    send = SendFactory(conversion=seen(channel), pixel=meta_pixel, sent=True)
    AttemptFactory(send=send, number=1, retried=True)
    AttemptFactory(send=send, number=2)
    told = api.get(f"/api/v1/sends/{send.pk}").json()
    assert [(one["number"], one["outcome"]) for one in told["attemptList"]] == [(1, "retry"), (2, "accepted")]


class TestChannels:
    def test_the_accounts_active_channels_with_their_sites(self, api, account, channel, stranger_channel) -> None:
        ChannelFactory(site=channel.site, is_active=False)
        other = ChannelFactory(site=SiteFactory(account=account), event_type="Purchase", username="vip", funnel_order=2)
        found = {one["channelId"]: one for one in api.get("/api/v1/channels").json()["channels"]}
        assert set(found) == {channel.pk, other.pk}
        assert found[other.pk] == {
            "siteId": other.site_id,
            "siteDomain": other.site.domain,
            "channelId": other.pk,
            "telegramChannelId": str(other.telegram_channel_id),
            "title": other.title,
            "username": "vip",
            "funnelOrder": 2,
            "eventType": "Purchase",
        }
        assert found[other.pk]["telegramChannelId"].startswith("-100")

    def test_one_site_by_either_name(self, api, account, channel) -> None:
        ChannelFactory(site=SiteFactory(account=account))
        for query in (f"siteId={channel.site_id}", f"websiteId={channel.site.website_id}"):
            found = api.get(f"/api/v1/channels?{query}").json()["channels"]
            assert [one["channelId"] for one in found] == [channel.pk]

    def test_an_unknown_site_is_refused(self, api) -> None:
        assert api.get("/api/v1/channels?siteId=nope").status_code == 400


class TestSubmitValue:
    @pytest.fixture
    def awaiting(self, channel, meta_pixel):
        return seen(channel, cold=True, awaiting_value=True)

    @staticmethod
    def path(conversion, person=PERSON):
        return f"/api/v1/leads/{person}/conversions/{conversion.pk}/value"

    def test_it_sets_the_value_merges_contacts_and_sends(self, api, awaiting) -> None:
        body = {"value": 49.9, "currency": "eur", "pii": {"email": "ada@example.com"}}
        answer = api.post(self.path(awaiting), body)
        assert (answer.status_code, answer.json()) == (200, {"success": True})
        awaiting.refresh_from_db()
        assert (float(awaiting.value), awaiting.currency, awaiting.awaiting_manual_input) == (49.9, "EUR", False)
        assert "email" in awaiting.pii
        assert Send.objects.get().status == SendStatus.PENDING

    def test_the_same_again_succeeds_and_sends_nothing(self, api, awaiting) -> None:
        for _ in range(2):
            assert api.post(self.path(awaiting), {"value": 5, "currency": "USD"}).json() == {"success": True}
        assert Send.objects.count() == 1

    def test_another_value_afterwards_is_refused(self, api, awaiting, refuse) -> None:
        api.post(self.path(awaiting), {"value": 5, "currency": "USD"})
        refuse({"value": 6, "currency": "USD"}, path=self.path(awaiting))
        refuse({"value": 5, "currency": "EUR"}, path=self.path(awaiting))

    @pytest.mark.parametrize("body", [{}, {"value": 5}, {"currency": "USD"}, {"value": 0, "currency": "USD"}])
    def test_value_and_currency_are_required(self, refuse, awaiting, body) -> None:
        refuse(body, path=self.path(awaiting))

    def test_one_that_awaits_nothing_is_refused(self, refuse, channel) -> None:
        refuse({"value": 5, "currency": "USD"}, path=self.path(seen(channel)))

    def test_another_leads_a_strangers_and_an_unknown_one_are_not_found(self, awaiting, refuse, stranger_api) -> None:
        body = {"value": 5, "currency": "USD"}
        refuse(body, status=404, code="CONVERSION_NOT_FOUND", path=self.path(awaiting, person=5))
        refuse(body, status=404, code="CONVERSION_NOT_FOUND", path=f"/api/v1/leads/{PERSON}/conversions/x/value")
        assert stranger_api.post(self.path(awaiting), body).status_code == 404

    def test_the_api_can_complete_one_that_awaits_by_repeating_it(self, api, awaiting, channel) -> None:
        body = {"eventType": "Purchase", "value": 7, "currency": "USD"}
        answer = api.post(f"/api/v1/leads/{PERSON}/events", body).json()
        assert (answer["conversionId"], answer["updatedExisting"]) == (awaiting.pk, True)
        assert Conversion.objects.get().awaiting_manual_input is False


@pytest.mark.parametrize(("what", "most"), [("cold", 10), ("warm", 12), ("duplicate", 12)])
def test_the_hot_path_takes_few_statements(api, lead, meta_pixel, what, most) -> None:
    """Counted with the transaction's own statements; the first call of a minute also writes the key's last use."""
    api.get("/api/v1/channels")
    if what == "warm":
        api.post(CONVERSION, {**lead, "eventType": EventType.SUBSCRIBE})
    if what == "duplicate":
        api.post(CONVERSION, lead)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert api.post(CONVERSION, lead).status_code == 200
    assert len(queries) <= most, "\n".join(query["sql"][:120] for query in queries)


class TestSchema:
    def test_every_path_of_the_api_is_described_with_its_refusals(self, client) -> None:
        schema = json.loads(client.get("/api/schema/?format=json").content)
        assert set(schema["paths"]) >= {
            "/api/v1/events/conversion",
            "/api/v1/leads/{telegramUserId}",
            "/api/v1/leads/{telegramUserId}/events",
            "/api/v1/leads/{telegramUserId}/conversions/{conversionId}/value",
            "/api/v1/channels",
            "/api/v1/conversions/{conversionId}",
            "/api/v1/sends/{sendId}",
        }
        for path in schema["paths"].values():
            for operation in path.values():
                assert {"400", "429"} <= set(operation["responses"])
                assert operation["summary"]

    def test_the_documented_example_is_taken_as_it_is(self, api, channel, site, meta_pixel) -> None:
        schema = json.loads(api.client.get("/api/schema/?format=json").content)
        content = schema["paths"]["/api/v1/events/conversion"]["post"]["requestBody"]["content"]
        [example] = content["application/json"]["examples"].values()
        body = {**example["value"], "websiteId": site.website_id, "channelId": channel.pk}
        assert api.post(CONVERSION, body).status_code == 200

    def test_the_docs_need_no_other_host(self, client) -> None:
        page = client.get("/api/docs/").content.decode()
        assert "swagger" in page
        assert "https://" not in page
        assert "//cdn" not in page
