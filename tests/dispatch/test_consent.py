"""Each platform by what the person agreed to, decided when the event is sent."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from adtarget.core.consent import read_said
from adtarget.core.http_messages import HttpAnswer
from adtarget.dashboard.advice import advise
from dispatch import batches, replaying
from dispatch.choices import Reason, SendStatus
from dispatch.consent import NOTHING_SAID
from dispatch.explaining import explain_send
from dispatch.models import Send
from leads.choices import ConsentPolicy
from tests.core.consent.test_strings import listed_vendors, tc_string
from tests.factories import ConversionFactory, PixelFactory, SendFactory, VisitFactory

pytestmark = pytest.mark.django_db
SIGNALS = {
    "fbc": "fb.1.1791990000123.IwAR0",
    "gclid": "Cj0",
    "ttclid": "E.C",
    "sccid": "ab",
    "client_ip": "203.0.113.9",
    "user_agent": "Mozilla/5.0",
}
ACTIONS = {"conversionActions": {"Lead": "700"}}
PLATFORMS = {
    "meta": ({}, {"events_received": 1}),
    "tiktok": ({"tiktok": True}, {"code": 0, "message": "OK"}),
    "snapchat": ({"snapchat": True}, {"status": "VALID"}),
    "google": ({"google": True, "options": ACTIONS}, {"requestId": "r1"}),
}


class Accepting:
    """Takes every request of one platform and keeps its one event."""

    def __init__(self, body) -> None:
        self.body, self.events = body, []

    def __call__(self, request) -> HttpAnswer:
        document = json.loads(request.body)
        self.events += document.get("events") or document["data"]
        return HttpAnswer(status=200, body=json.dumps(self.body).encode())


def said(minutes: int = 0, **given):
    at = timezone.now() + timedelta(minutes=minutes)
    return read_said(given, at=int(at.timestamp() * 1000))[0].as_json()


@pytest.fixture
def deliver(channel):
    """Sends one event of a visitor who said this; gives back the send and the event as the platform got it."""

    def run(platform: str, policy: ConsentPolicy, consent=None, *, own=None):
        traits, answer = PLATFORMS[platform]
        channel.site.consent_policy = policy
        channel.site.save()
        pixel = PixelFactory(site=channel.site, credential="token", **traits)
        visit = VisitFactory(site=channel.site, consent=consent or {})
        conversion = ConversionFactory(
            channel=channel, visit=visit, api_visit_override=SIGNALS, pii={"email": "e" * 64, "email_google": "e" * 64},
            consent=own or {},
        )  # fmt: skip
        send = SendFactory(conversion=conversion, pixel=pixel, due=True)
        post = Accepting(answer)
        batches.deliver_sends(pixel.pk, post=post, clock=timezone.now)
        send.refresh_from_db()
        return send, (post.events or [{}])[0]

    return run


def outcome(send: Send) -> tuple[str, str]:
    return send.status, send.reason


SENT, DENIED = (SendStatus.SENT, ""), (SendStatus.SKIPPED, Reason.CONSENT_DENIED)
NO = {"ads": False, "userData": False}


@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize(
    ("policy", "words", "expected"),
    [
        (ConsentPolicy.NOT_ASKED, NO, SENT),
        (ConsentPolicy.NOT_ASKED, {}, SENT),
        (ConsentPolicy.REQUIRED, {}, DENIED),
        (ConsentPolicy.REQUIRED, {"userData": True}, DENIED),
        (ConsentPolicy.REQUIRED, {"ads": True}, SENT),
        (ConsentPolicy.REQUIRED, NO, DENIED),
        (ConsentPolicy.AS_TOLD, {}, SENT),
        (ConsentPolicy.AS_TOLD, {"ads": True, "userData": True}, SENT),
        (ConsentPolicy.AS_TOLD, NO, DENIED),
        (ConsentPolicy.AS_TOLD, {"consentMode": {"ad_storage": "denied"}}, DENIED),
    ],
)
def test_a_no_to_ads_stops_every_platform(deliver, platform, policy, words, expected) -> None:
    assert outcome(deliver(platform, policy, said(**words))[0]) == expected


def test_refused_user_data_stops_google_with_the_sentence(deliver) -> None:
    mode = {"ad_storage": "granted", "ad_user_data": "denied"}
    send, _ = deliver("google", ConsentPolicy.AS_TOLD, said(consentMode=mode))
    assert outcome(send) == DENIED
    assert send.error_message == "ad_user_data is denied (Google Consent Mode)."
    assert send.error_message in explain_send(send, now=timezone.now())


def test_a_tcf_no_to_google_stops_google(deliver) -> None:
    words = {"tcf": tc_string(consents={1, 3, 4, 7})}
    assert outcome(deliver("google", ConsentPolicy.AS_TOLD, said(**words))[0]) == DENIED


def test_a_tcf_yes_is_told_to_google(deliver) -> None:
    words = {"tcf": tc_string(consents={1, 7}, vendors=listed_vendors(755))}
    _, event = deliver("google", ConsentPolicy.AS_TOLD, said(**words))
    assert event["consent"] == {"adUserData": "CONSENT_GRANTED", "adPersonalization": "CONSENT_DENIED"}


def test_google_is_told_nothing_of_what_was_not_said(deliver) -> None:
    assert "consent" not in deliver("google", ConsentPolicy.AS_TOLD, {})[1]


@pytest.mark.parametrize("platform", ["meta", "snapchat"])
@pytest.mark.parametrize("words", [{"userData": False}, {"personalization": False}, {"gpp": "DBABTA~1YYN"}])
def test_meta_and_snapchat_limit_data_use(deliver, platform, words) -> None:
    send, event = deliver(platform, ConsentPolicy.AS_TOLD, said(ads=True, **words))
    assert outcome(send) == SENT
    assert event["data_processing_options"] == ["LDU"]


@pytest.mark.parametrize(("words", "limited"), [({"userData": False}, True), ({"ads": True}, None)])
def test_tiktok_limits_data_use(deliver, words, limited) -> None:
    assert deliver("tiktok", ConsentPolicy.AS_TOLD, said(**words))[1].get("limited_data_use") is limited


@pytest.mark.parametrize(("words", "contacts"), [({"userData": False}, None), ({"ads": True}, ["e" * 64])])
def test_refused_user_data_keeps_contacts_back(deliver, words, contacts) -> None:
    assert deliver("meta", ConsentPolicy.AS_TOLD, said(**words))[1]["user_data"].get("em") == contacts


def test_nothing_said_is_told_where_consent_is_required(deliver) -> None:
    assert deliver("meta", ConsentPolicy.REQUIRED)[0].error_message == NOTHING_SAID


def test_the_later_answer_of_request_and_visit_counts(deliver) -> None:
    early, late = said(ads=True), said(minutes=1, **NO)
    assert outcome(deliver("meta", ConsentPolicy.AS_TOLD, late, own=early)[0]) == DENIED
    assert outcome(deliver("snapchat", ConsentPolicy.AS_TOLD, said(**NO), own=said(minutes=1, ads=True))[0]) == SENT


def test_a_later_yes_sends_the_past_only_by_replay(deliver, channel) -> None:
    send, _ = deliver("meta", ConsentPolicy.AS_TOLD, said(**NO))
    send.conversion.visit.consent = said(minutes=1, ads=True)
    send.conversion.visit.save()
    assert batches.deliver_sends(send.pixel_id, post=Accepting({"events_received": 1}), clock=timezone.now) == 0
    replaying.replay(Send.objects.filter(pk=send.pk), actor="ops", now=timezone.now())
    batches.deliver_sends(send.pixel_id, post=Accepting({"events_received": 1}), clock=timezone.now)
    send.refresh_from_db()
    assert outcome(send) == SENT


def test_the_sentence_is_in_the_api(deliver, api) -> None:
    send, _ = deliver("meta", ConsentPolicy.AS_TOLD, said(**NO))
    (shown,) = api.get(f"/api/v1/conversions/{send.conversion_id}").json()["sends"]
    assert (shown["reason"], shown["lastError"]["message"]) == ("consent_denied", send.error_message)


def test_the_sentence_is_in_the_dashboards_advice(deliver) -> None:
    send, _ = deliver("meta", ConsentPolicy.AS_TOLD, said(**NO))
    assert send.error_message in advise(send, now=timezone.now()).why
