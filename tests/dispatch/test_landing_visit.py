"""What of the tracked visit reaches the platforms: its device, its country and the later of two click ids."""

from typing import Any

import pytest
from django.utils import timezone

from adtarget.sandbox.server import Sandbox
from dispatch import batches, credentials, tasks
from dispatch.choices import SendStatus
from dispatch.events import outgoing_event
from dispatch.models import Send
from dispatch.platforms.registry import PLATFORMS
from tests.dispatch.test_four_platforms import CREDENTIALS, OPTIONS
from tests.factories import ChannelFactory, ConversionFactory, PixelFactory, SendFactory, VisitFactory

pytestmark = pytest.mark.django_db
PERSON = {"client_ip": "203.0.113.9", "user_agent": "Mozilla/5.0 (landing)"}


def conversion_of(visit: dict[str, Any], **facts: Any) -> Any:
    channel = ChannelFactory()
    made = VisitFactory(site=channel.site, **{**PERSON, **visit})
    return ConversionFactory(channel=channel, visit=made, **facts)


def test_the_visit_is_told_beside_the_event() -> None:
    event = outgoing_event(conversion_of({"country": "BR"}, api_visit_override={"client_ip": "203.0.113.77"}))
    assert event.visit is not None
    assert (event.client_ip, event.visit.client_ip, event.visit.country) == ("203.0.113.77", "203.0.113.9", "BR")


def test_a_private_address_of_the_visit_is_none() -> None:
    event = outgoing_event(conversion_of({"client_ip": "10.0.0.1"}))
    assert event.visit is not None
    assert event.visit.client_ip == ""


@pytest.mark.parametrize(
    ("seen_at", "given", "kept"),
    [
        ({"gbraid": 1, "wbraid": 2}, {}, "wbraid"),
        ({"gbraid": 2, "wbraid": 1}, {}, "gbraid"),
        ({"wbraid": 9}, {"gbraid": "G2"}, "gbraid"),
        ({"gbraid": 9}, {"wbraid": "W2"}, "wbraid"),
    ],
)
def test_the_later_braid_is_the_one_sent(seen_at: dict[str, int], given: dict[str, str], kept: str) -> None:
    ids = {name: name for name in seen_at}
    event = outgoing_event(conversion_of({**ids, "seen_at": seen_at}, api_visit_override=given))
    assert [name for name in ("gbraid", "wbraid") if event.signal(name)] == [kept]


@pytest.mark.parametrize(
    ("country", "options", "is_sent"),
    [("DE", {}, False), ("BR", {}, True), ("", {}, False), ("", {"ipAddress": "always"}, True)],
)
def test_google_gets_an_address_by_the_visits_country(
    settings: Any, country: str, options: dict[str, str], is_sent: bool
) -> None:
    credentials.EXCHANGED.clear()
    with Sandbox() as sandbox:
        settings.PLATFORM_API_URLS = dict.fromkeys(PLATFORMS, sandbox.url)
        settings.GOOGLE_OAUTH_URL = f"{sandbox.url}/token"
        conversion = conversion_of({"country": country, "gclid": "Cj0"})
        pixel = PixelFactory(
            site=conversion.site,
            google=True,
            credential=CREDENTIALS["google"],
            options={**OPTIONS["google"], **options},
        )
        SendFactory(conversion=conversion, pixel=pixel, due=True)
        batches.deliver_sends(pixel.pk, post=tasks.post, clock=timezone.now)
        (event,) = sandbox.events(platform="google")
    assert Send.objects.get().status == SendStatus.SENT
    assert ("203.0.113.9" in str(event["event"])) is is_sent
    assert event["event"]["adIdentifiers"]["landingPageDeviceInfo"]["userAgent"] == "Mozilla/5.0 (landing)"
