"""Refusals that concern a whole account pause the pixel: nothing fails, and all is sent once it works again."""

from typing import Any

import pytest
from django.utils import timezone

from adtarget.sandbox.server import Sandbox
from dispatch import batches, credentials, pausing, tasks
from dispatch.choices import SendStatus
from dispatch.models import Attempt, Pixel, Send
from dispatch.platforms.registry import PLATFORMS
from tests.dispatch.test_four_platforms import pixel_of, purchase
from tests.factories import PixelFactory, SendFactory, SiteFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def sandbox(settings: Any):
    credentials.EXCHANGED.clear()
    with Sandbox() as running:
        settings.PLATFORM_API_URLS = dict.fromkeys(PLATFORMS, running.url)
        settings.GOOGLE_OAUTH_URL = f"{running.url}/token"
        yield running


def sends_to(pixel: Pixel, count: int = 3, **facts: Any) -> list[Send]:
    return [SendFactory(conversion=purchase(pixel.site, **facts), pixel=pixel, due=True) for _ in range(count)]


def deliver(pixel: Pixel) -> None:
    batches.deliver_sends(pixel.pk, post=tasks.post, clock=timezone.now)


@pytest.mark.parametrize(
    ("platform", "refusal"),
    [
        ("meta", "proof"),
        ("meta", "alias"),
        ("meta", "retired"),
        ("tiktok", "scope"),
        ("tiktok", "advertiser"),
        ("tiktok", "retired"),
        ("google", "unsigned"),
        ("google", "policy"),
        ("google", "login_mismatch"),
    ],
)
def test_a_refused_account_pauses_and_loses_nothing(sandbox: Sandbox, platform: str, refusal: str) -> None:
    pixel = pixel_of(platform, SiteFactory())
    sends_to(pixel)
    sandbox.fault(kind="platform_error", platform=platform, times=1, params={"name": refusal})
    deliver(pixel)
    pixel.refresh_from_db()
    assert pixel.paused_at
    assert set(Send.objects.values_list("status", "failures")) == {(SendStatus.PENDING, 0)}
    pausing.resume(pixel, now=timezone.now())
    deliver(pixel)
    assert set(Send.objects.values_list("status", flat=True)) == {SendStatus.SENT}


@pytest.mark.parametrize("refusal", ["frequency", "conflict", "busy", "maintenance"])
def test_tiktoks_waits_cost_no_event(sandbox: Sandbox, refusal: str) -> None:
    pixel = pixel_of("tiktok", SiteFactory())
    sends_to(pixel, 1)
    sandbox.fault(kind="platform_error", platform="tiktok", times=1, params={"name": refusal})
    deliver(pixel)
    assert Send.objects.get().status == SendStatus.PENDING
    assert not Pixel.objects.get().paused_at


def test_a_duplicate_of_an_earlier_attempt_was_accepted(sandbox: Sandbox) -> None:
    pixel = pixel_of("tiktok", SiteFactory())
    sends_to(pixel, 1)
    sandbox.fault(kind="platform_error", platform="tiktok", times=2, params={"name": "duplicate"})
    deliver(pixel)
    assert Send.objects.get().status == SendStatus.PENDING
    Send.objects.update(due_at=timezone.now())
    Pixel.objects.update(breaker_failures=0, breaker_until=None)
    deliver(pixel)
    assert Send.objects.get().status == SendStatus.SENT


def test_an_app_secret_opens_what_a_token_alone_does_not(sandbox: Sandbox) -> None:
    pixel = PixelFactory(credential="EAA-prove")
    sends_to(pixel, 1)
    deliver(pixel)
    pixel.refresh_from_db()
    assert pixel.pause_code == "100/appsecret_proof"
    pixel.set_credential('{"accessToken": "EAA-prove", "appSecret": "sandbox-app-secret"}')
    pixel.save()
    pausing.resume(pixel, now=timezone.now())
    deliver(pixel)
    assert Send.objects.get().status == SendStatus.SENT
    assert "sandbox-app-secret" not in str(list(Attempt.objects.values()))


@pytest.mark.parametrize("platform", ["tiktok", "snapchat"])
@pytest.mark.parametrize("currency", ["GEL", "UZS"])
def test_a_purchase_in_a_rare_currency_arrives(sandbox: Sandbox, platform: str, currency: str) -> None:
    pixel = pixel_of(platform, SiteFactory())
    sends_to(pixel, 1, currency=currency)
    deliver(pixel)
    assert Send.objects.get().status == SendStatus.SENT


def test_a_bad_fbc_stored_earlier_does_no_harm(sandbox: Sandbox) -> None:
    pixel = pixel_of("meta", SiteFactory())
    bad = {"fbc": "fb.1.1791990000123.IwAR0?utm_source=fb", "fbp": "1", "user_agent": "Mozilla/5.0"}
    sends_to(pixel, 1, api_visit_override=bad)
    deliver(pixel)
    assert Send.objects.get().status == SendStatus.SENT
    (event,) = sandbox.events()
    assert not {"fbc", "fbp"} & set(event["event"]["user_data"])
    assert [note.split(" was")[0] for note in Attempt.objects.get().notes] == ["fbc", "fbp"]


def test_a_currency_that_was_left_out_is_on_the_attempt(sandbox: Sandbox) -> None:
    pixel = pixel_of("tiktok", SiteFactory())
    sends_to(pixel, 1, currency="GEL")
    deliver(pixel)
    assert Attempt.objects.get().notes == ["Value and currency were left out: TikTok does not take GEL."]
