"""A made-up platform, added in memory, walks through the whole product: nothing else names the platforms."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from adtarget import provisioning
from adtarget.api import parsing
from adtarget.demo.account import demo_pixels
from adtarget.management.commands.run import sandbox_addresses
from adtarget.sandbox.platforms import registry as judges
from adtarget.sandbox.server import Sandbox
from conversions.erasing import erase_person
from conversions.models import Conversion
from dispatch import batches, tasks
from dispatch.awaiting import site_platforms, windows
from dispatch.choices import SendStatus
from dispatch.models import Attempt, Pixel, Send
from dispatch.platforms.registry import PLATFORMS
from leads.choices import Role
from leads.models import Account, Channel, Site
from tests import documented
from tests.conftest import Api
from tests.dashboard.conftest import sign_in_recently
from tests.dispatch.platforms.made_up import MadeUp, MadeUpJudge
from tests.factories import ConversionFactory, MembershipFactory, PixelFactory, UserFactory
from tracker import attribution, script, sources
from tracker import serializers as tracker_serializers
from tracker.models import Visit

PERSON = 7_770_009_001
CLICK = "MU.Click-1"


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[Sandbox]:
    """The platform in the registry, and its judge in a sandbox."""
    monkeypatch.setitem(PLATFORMS, "madeup", MadeUp())
    monkeypatch.setattr(judges, "MAKERS", [*judges.MAKERS, lambda: [MadeUpJudge()]])
    forget_fields()
    with Sandbox() as running:
        settings.PLATFORM_API_URLS = settings.PLATFORM_API_URLS | {"madeup": running.url}
        yield running
    forget_fields()


def forget_fields() -> None:
    """The registry does not change in a running process, so fields are made once."""
    parsing._instance.cache_clear()
    tracker_serializers._fields_of.cache_clear()


@pytest.fixture(autouse=True)
def _documented() -> Iterator[None]:
    """The API document names the platforms that there are when it is made."""
    with documented.with_values(Platform=["madeup"], Reason=["madeup_holiday"]):
        yield


@pytest.fixture
def pixel(sandbox: Sandbox, site: Site) -> Pixel:
    return PixelFactory(site=site, platform="madeup", pixel_id="tag-1")


@pytest.fixture
def owner(account: Account) -> Client:
    client = Client()
    sign_in_recently(client, MembershipFactory(account=account, role=Role.OWNER).user)
    return client


def told(api: Api, channel: Channel, **body: Any) -> Any:
    """The answer to an event of the person."""
    event = {"telegramUserId": PERSON, "channelId": channel.pk, "siteId": channel.site_id, "eventType": "Lead"}
    return api.post("/api/v1/events/conversion", event | body).json()


def deliver(pixel: Pixel) -> None:
    batches.deliver_sends(pixel.pk, post=tasks.post, clock=timezone.now)


# ------------------------------------------------------------------ an event
def test_an_api_event_reaches_the_judge(api: Api, channel: Channel, pixel: Pixel, sandbox: Sandbox) -> None:
    answer = told(api, channel, muclid=CLICK, muBrowser="b-7")
    assert [send["platform"] for send in answer["sends"]] == ["madeup"]
    deliver(pixel)
    (event,) = sandbox.events(platform="madeup")
    assert event["accepted"]
    assert (event["event"]["click"], event["event"]["browser"]) == (CLICK, "b-7")


def test_its_send_is_told_by_the_api(api: Api, channel: Channel, pixel: Pixel) -> None:
    send_id = told(api, channel, muclid=CLICK)["sends"][0]["sendId"]
    deliver(pixel)
    answer = api.get(f"/api/v1/sends/{send_id}").json()
    assert (answer["platform"], answer["status"]) == ("madeup", "sent")


def test_missing_signals_name_it(api: Api, channel: Channel, pixel: Pixel) -> None:
    assert "Madeup: muclid, pii.email" in told(api, channel, gclid="g")["warning"]


def test_a_reason_of_its_own_is_explained(api: Api, channel: Channel, pixel: Pixel, owner: Client) -> None:
    send_id = told(api, channel, muclid=CLICK, contentName="holiday")["sends"][0]["sendId"]
    deliver(pixel)
    assert Send.objects.get().reason == "madeup_holiday"
    page = owner.get(f"/accounts/{channel.site.account_id}/delivery/{send_id}/").text
    assert "Madeup is on holiday" in page
    assert "Wait for spring." in page


def test_a_refused_token_pauses_and_is_explained(api: Api, channel: Channel, pixel: Pixel, ops: Client) -> None:
    pixel.set_credential("bad-token-of-madeup")
    pixel.save()
    told(api, channel, muclid=CLICK)
    deliver(pixel)
    pixel.refresh_from_db()
    assert pixel.pause_code == "http_401"
    assert "Madeup does not know the token" in ops.get(f"/admin/dispatch/pixel/{pixel.pk}/change/").text


# ------------------------------------------------------------------ a click
@pytest.fixture
def visit(site: Site, pixel: Pixel) -> Visit:
    body = {"websiteId": site.website_id, "href": f"https://{site.domain}/?muclid={CLICK}", "muBrowser": "b-7"}
    answer = Client().post("/backend/track/init", body, content_type="application/json")
    assert answer.status_code == 200, answer.content
    return Visit.objects.get()


def test_its_click_id_is_kept_with_the_visit(visit: Visit) -> None:
    assert (visit.signal("muclid"), visit.signal("mu_browser")) == (CLICK, "b-7")


def test_its_click_counts_as_an_ad_click(visit: Visit) -> None:
    assert attribution.has_click(visit)
    assert sources.clicked(visit) == ["Madeup"]


def test_a_tracked_event_carries_the_click(visit: Visit, channel: Channel, pixel: Pixel, sandbox: Sandbox) -> None:
    from dispatch.scheduling import schedule

    conversion = ConversionFactory(channel=channel, visit=visit)
    schedule(conversion, [pixel], now=timezone.now())
    deliver(pixel)
    assert [event["event"]["click"] for event in sandbox.events(platform="madeup")] == [CLICK]


def test_track_js_looks_for_its_cookie(sandbox: Sandbox) -> None:
    script.script.cache_clear()
    try:
        assert b'"_mu":"muBrowser"' in script.script().plain
    finally:
        script.script.cache_clear()


def test_erasing_takes_its_ids_away(api: Api, visit: Visit, channel: Channel, pixel: Pixel) -> None:
    told(api, channel, muclid=CLICK)
    Conversion.objects.update(visit=visit)
    deliver(pixel)
    erase_person(channel.site.account, PERSON, actor="test", now=timezone.now())
    rows = [*Visit.objects.values(), *Conversion.objects.values(), *Attempt.objects.values("request", "response")]
    assert CLICK not in str(rows)
    assert "b-7" not in str(rows)


# ------------------------------------------------------------------ setting up
def test_the_set_up_offers_and_connects_it(owner: Client, site: Site, sandbox: Sandbox) -> None:
    steps = f"/accounts/{site.account_id}/set-up/sites/{site.pk}/pixels/"
    assert "Madeup" in owner.get(steps).text
    form = owner.get(f"{steps}new/madeup/").text
    assert "Tag token" in form
    assert "Mood" in form
    filled = {"pixel_id": "tag-9", "new_token": "madeup-token-1", "mood": "loud"}
    assert owner.post(f"{steps}new/madeup/", filled).status_code == 302
    assert Pixel.objects.get().options == {"mood": "loud"}


def test_a_test_event_is_checked_by_it(owner: Client, pixel: Pixel, sandbox: Sandbox) -> None:
    steps = f"/accounts/{pixel.site.account_id}/set-up/sites/{pixel.site_id}/pixels/"
    assert "accepted the event" in owner.post(f"{steps}{pixel.pk}/test/").text
    assert [event["test"] for event in sandbox.events(platform="madeup")] == [True]


def test_provision_makes_its_pixel(account: Account, sandbox: Sandbox) -> None:
    pixel = {"platform": "madeup", "pixelId": "tag-3", "accessToken": "t" * 20, "options": {"mood": "calm"}}
    document = {"account": {"name": account.name}, "sites": [{"domain": "mu.example", "pixels": [pixel]}]}
    provisioning.provision(document, now=timezone.now(), actor="test")
    assert Pixel.objects.get().options == {"mood": "calm"}


def test_provision_refuses_a_wrong_option_of_it(account: Account, sandbox: Sandbox) -> None:
    pixel = {"platform": "madeup", "pixelId": "tag-3", "accessToken": "t" * 20, "options": {"mood": "sad"}}
    document = {"account": {"name": account.name}, "sites": [{"domain": "mu.example", "pixels": [pixel]}]}
    with pytest.raises(provisioning.WrongField, match=r"options\.mood: must be one of calm, loud"):
        provisioning.provision(document, now=timezone.now(), actor="test")


def test_demo_and_sandbox_know_it(sandbox: Sandbox) -> None:
    assert demo_pixels()["madeup"]["pixelId"] == "tag-1"
    assert sandbox_addresses()["MADEUP_API_URL"] == ""


def test_values_wait_within_its_days(channel: Channel, pixel: Pixel) -> None:
    waiting = ConversionFactory(channel=channel, awaiting_value=True)
    (window,) = windows(waiting, site_platforms(channel.site.account), now=timezone.now())
    assert (window.platform, (window.closes_at - waiting.event_time).days) == ("Madeup", 5)


# ------------------------------------------------------------------ pages
@pytest.fixture
def send(api: Api, channel: Channel, pixel: Pixel) -> Send:
    told(api, channel, muclid=CLICK, pii={"email": "ada@shop.example"})
    deliver(pixel)
    return Send.objects.select_related("conversion").get()


@pytest.mark.parametrize(
    "page",
    [
        "overview/",
        "conversions/",
        "conversions/{conversion}/",
        "delivery/",
        "delivery/?platform=madeup",
        "delivery/{send}/",
        "delivery/quality/",
        "leads/{lead}/",
        "set-up/",
        "set-up/sites/{site}/pixels/",
        "set-up/sites/{site}/pixels/{pixel}/",
        "set-up/sites/{site}/key/event/",
    ],
)
def test_every_dashboard_page_shows_it(owner: Client, send: Send, page: str) -> None:
    conversion = send.conversion
    path = page.format(
        conversion=conversion.pk,
        send=send.pk,
        lead=conversion.lead_id,
        site=conversion.site_id,
        pixel=send.pixel_id,
    )
    answer = owner.get(f"/accounts/{conversion.account_id}/{path}")
    assert answer.status_code == 200
    assert "Madeup" in answer.text or page in ("set-up/", "conversions/")


@pytest.fixture
def ops(db: None) -> Client:
    client = Client()
    sign_in_recently(client, UserFactory(ops=True))
    return client


@pytest.mark.parametrize(
    "page",
    [
        "",
        "dispatch/pixel/",
        "dispatch/pixel/add/",
        "dispatch/pixel/{pixel}/change/",
        "dispatch/pixel/{pixel}/test-event/",
        "dispatch/send/",
        "dispatch/send/?platform__exact=madeup",
        "dispatch/send/{send}/change/",
        "conversions/conversion/{conversion}/change/",
    ],
)
def test_every_admin_page_shows_it(ops: Client, send: Send, page: str) -> None:
    path = page.format(conversion=send.conversion_id, send=send.pk, pixel=send.pixel_id)
    answer = ops.get(f"/admin/{path}")
    assert answer.status_code == 200
    assert "Madeup" in answer.text or not page


def test_a_platform_that_is_gone_breaks_no_page(
    owner: Client, send: Send, monkeypatch: pytest.MonkeyPatch, api: Api, channel: Channel
) -> None:
    monkeypatch.delitem(PLATFORMS, "madeup")
    for page in ("overview/", "delivery/", f"delivery/{send.pk}/", "delivery/quality/", "set-up/"):
        assert owner.get(f"/accounts/{channel.site.account_id}/{page}").status_code == 200
    assert told(api, channel, orderId="2")["sends"] == []
    assert Send.objects.get().status == SendStatus.SENT
