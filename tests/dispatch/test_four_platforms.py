"""Through real sockets to the sandbox, which judges by the platforms' own tables and not by our code."""

import time
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from adtarget.sandbox.faults import KINDS
from adtarget.sandbox.server import Sandbox
from conversions.pii import hash_pii
from dispatch import batches, credentials, tasks
from dispatch.choices import Outcome, SendStatus
from dispatch.models import Attempt, Pixel, Send
from dispatch.platforms.registry import PLATFORMS
from tests.dispatch.platforms.cases import AD_PLATFORMS, FOUR
from tests.factories import ConversionFactory, LeadFactory, PixelFactory, SendFactory, SiteFactory

pytestmark = pytest.mark.django_db
SIGNALS = {
    "fbc": "fb.1.1791990000123.IwAR0aBc-_",
    "fbp": "fb.1.1791990000000.1116446470",
    "ttclid": "E.C.P.abc",
    "ttp": "2F7h",
    "sccid": "ad5f",
    "sc_cookie1": "c0ffee00",
    "gclid": "Cj0KCQ",
    "rdt_cid": "R-1",
    "msclkid": "M-1",
    "epik": "E-1",
    "oppref": "O-1",
    "yclid": "123",
    "client_ip": "203.0.113.9",
    "user_agent": "Mozilla/5.0",
    "event_source_url": "https://acme.example/join",
}
CREDENTIALS = {"google": '{"clientId": "c", "clientSecret": "s", "refreshToken": "good"}'}
OPTIONS = {
    "google": {"conversionActions": {"Purchase": "7654321", "Lead": "7654322"}},
    "microsoft": {"testPixel": True},
    "yandex": {"testPixel": True},
}


@pytest.fixture
def sandbox(settings):
    credentials.EXCHANGED.clear()
    with Sandbox() as running:
        settings.PLATFORM_API_URLS = {each.api_url_name: running.url for each in PLATFORMS.values()}
        settings.GOOGLE_OAUTH_URL = f"{running.url}/token"
        settings.DISPATCH_ATTEMPT_SECONDS = 0.5
        yield running


def pixel_of(platform, site):
    return PixelFactory(
        site=site,
        platform=platform,
        options=OPTIONS.get(platform, {}),
        credential=CREDENTIALS.get(platform, "good-platform-token"),
    )


def purchase(site, **values):
    facts = {
        "site": site,
        "purchase": True,
        "value": Decimal("0.1") + Decimal("0.2"),
        "order_id": "A-17",
        "content_name": "VIP",
        "external_user_id": "user-1",
        "api_visit_override": SIGNALS,
        "pii": hash_pii(email="Ada.L+x@gmail.com", phone="+1 650 555 1212", first_name="Ada", last_name="O'Hara"),
    }
    return ConversionFactory(**{**facts, **values})


def deliver(pixel):
    batches.deliver_sends(pixel.pk, post=tasks.post, clock=timezone.now)


def test_one_conversion_reaches_all_four_in_their_own_language(sandbox) -> None:
    site = SiteFactory()
    conversion = purchase(site)
    for platform in FOUR:
        send = SendFactory(conversion=conversion, pixel=pixel_of(platform, site), due=True)
        deliver(send.pixel)
    assert set(Send.objects.values_list("status", flat=True)) == {SendStatus.SENT}
    events = {event["platform"]: event["event"] for event in sandbox.events()}
    assert {event["event_id"] for event in sandbox.events()} == {conversion.event_id}
    seconds = int(conversion.event_time.timestamp())
    meta, tiktok, snap, google = (events[platform] for platform in ("meta", "tiktok", "snapchat", "google"))
    assert meta["event_time"] == tiktok["event_time"] == snap["event_time"] == seconds
    assert meta["user_data"]["fbc"] == SIGNALS["fbc"]
    assert meta["custom_data"] == {"currency": "EUR", "value": 0.3, "content_name": "VIP", "order_id": "A-17"}
    assert (tiktok["user"]["ttclid"], tiktok["page"]["url"]) == (SIGNALS["ttclid"], SIGNALS["event_source_url"])
    assert (snap["event_name"], snap["user_data"]["sc_click_id"]) == ("PURCHASE", SIGNALS["sccid"])
    assert google["adIdentifiers"] == {"gclid": SIGNALS["gclid"]}
    # Meta and Snap hash a phone without +, TikTok and Google with; Google drops Gmail's dots and tag.
    assert meta["user_data"]["ph"] == snap["user_data"]["ph"] == [conversion.pii["phone_digits"]]
    assert tiktok["user"]["phone"] == conversion.pii["phone_e164"]
    assert google["userData"]["userIdentifiers"][0] == {"emailAddress": conversion.pii["email_google"]}
    assert meta["user_data"]["em"] == [conversion.pii["email"]] != [conversion.pii["email_google"]]


@pytest.mark.parametrize("platform", AD_PLATFORMS)
def test_tests_go_only_where_they_do_not_count(sandbox, platform) -> None:
    site = SiteFactory()
    pixel = pixel_of(platform, site)
    Pixel.objects.update(test_event_code="TEST1")
    send = SendFactory(conversion=purchase(site, is_test=True), pixel=pixel, due=True)
    deliver(pixel)
    send.refresh_from_db()
    assert send.status == SendStatus.SENT


@pytest.mark.promise("R9")
@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"slow", "platform_error"}))
@pytest.mark.parametrize("platform", ["meta", "google"])
def test_no_fault_is_taken_for_success_and_each_ends_in_time(sandbox, platform, kind) -> None:
    site = SiteFactory()
    pixel = pixel_of(platform, site)
    send = SendFactory(conversion=purchase(site), pixel=pixel, due=True)
    credentials.token_of(pixel)
    sandbox.fault(kind=kind, params={"seconds": 2})
    started = time.monotonic()
    deliver(pixel)
    assert time.monotonic() - started < 1.5
    send.refresh_from_db()
    if (platform, kind) == ("google", "wrong_count"):
        return  # Google's success names no count
    assert send.status == SendStatus.PENDING
    assert Attempt.objects.get().outcome in (Outcome.AMBIGUOUS, Outcome.RETRY)


@pytest.mark.promise("R5")
@pytest.mark.parametrize("platform", AD_PLATFORMS)
def test_a_poisoned_event_among_500_fails_alone(sandbox, settings, platform) -> None:
    settings.DISPATCH_BATCH_SIZE, settings.DISPATCH_ATTEMPT_SECONDS = 500, 5
    site = SiteFactory()
    pixel = pixel_of(platform, site)
    lead = LeadFactory(site=site)
    sends = [SendFactory(conversion=purchase(site, lead=lead), pixel=pixel, due=True) for _ in range(500)]
    guilty = sends[123].conversion
    guilty.pii = {**guilty.pii, "email": "not-a-hash", "email_google": "not-a-hash"}
    guilty.api_visit_override = {**guilty.api_visit_override, "yclid": "not-a-hash!"}
    guilty.save()
    deliver(pixel)
    assert Send.objects.filter(status=SendStatus.SENT).count() == 499
    failed = Send.objects.get(status=SendStatus.FAILED)
    assert (failed.conversion, failed.error_message != "") == (guilty, True)
    assert "not-a-hash" in str([event["event"] for event in sandbox.events()])
    assert sandbox.stats()[platform]["requests"] <= 21  # what halving 500 down to one takes


@pytest.mark.promise("R8")
@pytest.mark.parametrize("platform", AD_PLATFORMS)
def test_a_refused_credential_pauses_the_pixel_of_any_platform(sandbox, platform) -> None:
    site = SiteFactory()
    bad = '{"clientId": "c", "clientSecret": "s", "refreshToken": "expired"}' if platform == "google" else "bad-token"
    pixel = PixelFactory(site=site, platform=platform, options=OPTIONS.get(platform, {}), credential=bad)
    send = SendFactory(conversion=purchase(site), pixel=pixel, due=True)
    deliver(pixel)
    send.refresh_from_db()
    pixel.refresh_from_db()
    assert (send.status, send.failures) == (SendStatus.PENDING, 0)
    assert pixel.paused_at


def test_googles_token_is_exchanged_once_and_again_when_it_ends_early(sandbox) -> None:
    site = SiteFactory()
    pixel = pixel_of("google", site)
    for _ in range(2):
        SendFactory(conversion=purchase(site), pixel=pixel, due=True)
        deliver(pixel)
    first = credentials.token_of(pixel)
    assert not first.is_fresh
    sandbox.fault(kind="platform_error", platform="google", times=1, params={"status": 401})
    SendFactory(conversion=purchase(site), pixel=pixel, due=True)
    deliver(pixel)
    assert set(Send.objects.values_list("status", flat=True)) == {SendStatus.SENT}
    assert credentials.token_of(pixel).text != first.text
    assert Pixel.objects.get().paused_at is None


def test_a_whole_backlog_leaves_in_few_requests(sandbox, settings) -> None:
    site = SiteFactory()
    pixel = pixel_of("meta", site)
    settings.DISPATCH_BATCH_SIZE = 50
    for _ in range(120):
        SendFactory(conversion=purchase(site), pixel=pixel, due=True)
    deliver(pixel)
    assert sandbox.stats()["meta"] == {
        "requests": 3,
        "events": 120,
        "accepted": 120,
        "distinct": 120,
        "duplicates": 0,
    }
    assert Attempt.objects.filter(duration_ms__lt=timedelta(seconds=5) // timedelta(milliseconds=1)).count() == 120
