"""Postbacks through the running product: from a click on the landing page to a network that only listens."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone

from adtarget import provisioning
from adtarget.core.json_document import WrongField
from adtarget.sandbox.server import Sandbox
from conversions.models import Conversion
from dispatch import batches, tasks
from dispatch.choices import SendStatus
from dispatch.models import Attempt, Pixel, Send
from leads.models import Channel, Site
from tests.conftest import Api
from tests.factories import ConversionFactory, PixelFactory, SendFactory, VisitFactory
from tests.tracker.conftest import Browser
from tracker import attribution, sources
from tracker.models import Visit

KEITARO = {"preset": "keitaro", "parameters": {"tracker": "t.example", "key": "k-1234567890"}}
OWN = {"template": "https://crm.example/p?cid={click_id}&sum={value}&oid={conversion_id}"}


@pytest.fixture
def sandbox(settings: Any) -> Iterator[Sandbox]:
    with Sandbox() as running:
        settings.PLATFORM_API_URLS = settings.PLATFORM_API_URLS | {"postback": running.url}
        yield running


def postback(site: Site, **options: Any) -> Pixel:
    return PixelFactory(site=site, platform="postback", pixel_id="net", options=options, credential="k-1234567890")


def told(api: Api, channel: Channel, **body: Any) -> Any:
    event = {"telegramUserId": 7_002, "channelId": channel.pk, "siteId": channel.site_id, "eventType": "Lead"}
    return api.post("/api/v1/events/conversion", event | body).json()


def deliver(pixel: Pixel) -> None:
    batches.deliver_sends(pixel.pk, post=tasks.post, clock=timezone.now)


def provision(account: Any, options: Any, **more: Any) -> dict[str, Any]:
    pixel = {"platform": "postback", "pixelId": "net", "options": options, **more}
    document = {"account": {"name": account.name}, "sites": [{"domain": "acme.example", "pixels": [pixel]}]}
    return provisioning.provision(document, now=timezone.now(), actor="test")


# ------------------------------------------------------------------ from click to network
@pytest.mark.parametrize("name", ["subid", "clickid", "click_id", "visitor_id", "tblci", "obclid", "bbg", "rb_clickid"])
def test_a_networks_click_is_kept_by_itself(site: Site, name: str) -> None:
    visit = Browser(site).visit(f"?{name}=Xy-1&email=a")
    assert visit.parameters == {name: "Xy-1"}
    assert attribution.has_click(visit)
    assert sources.ad_source(visit).endswith(" click")


def test_a_click_becomes_a_postback(site: Site, channel: Channel, sandbox: Sandbox) -> None:
    visit = Browser(site).visit("?subid=Xy-1&utm_campaign=spring")
    pixel = postback(site, **KEITARO)
    SendFactory(conversion=ConversionFactory(channel=channel, visit=visit, order_id="A-7"), pixel=pixel, due=True)
    deliver(pixel)
    (seen,) = sandbox.events(platform="postback")
    assert (seen["event"]["method"], seen["event"]["host"], seen["event"]["path"]) == (
        "GET", "t.example", "/k-1234567890/postback",
    )  # fmt: skip
    assert seen["event"]["query"] == {"subid": "Xy-1", "status": "lead", "payout": "", "currency": "", "tid": "A-7"}
    assert Send.objects.get().status == SendStatus.SENT


def test_an_event_of_the_api_carries_its_pages_click(api: Api, site: Site, channel: Channel, sandbox: Sandbox) -> None:
    pixel = postback(site, **KEITARO)
    answer = told(api, channel, eventSourceUrl="https://acme.example/?subid=Xy-2")
    assert [send["platform"] for send in answer["sends"]] == ["postback"]
    deliver(pixel)
    assert sandbox.events(platform="postback")[0]["event"]["query"]["subid"] == "Xy-2"


def test_without_the_networks_click_nothing_is_scheduled(api: Api, site: Site, channel: Channel) -> None:
    postback(site, **KEITARO)
    answer = told(api, channel)
    assert answer["sends"] == []
    assert "Postback" in answer["warning"]


def test_validate_shows_what_would_be_sent(api: Api, site: Site, channel: Channel) -> None:
    postback(site, **KEITARO)
    event = {"telegramUserId": 7_002, "channelId": channel.pk, "siteId": channel.site_id, "eventType": "Lead"}
    url = {"eventSourceUrl": "https://acme.example/?subid=Xy-2"}
    (found,) = api.post("/api/v1/events/validate", event | url).json()["platforms"]
    assert (found["wouldSend"], found["payload"], found.get("matchQuality")) == (
        True, {"click_id": "Xy-2", "status": "lead"}, None,
    )  # fmt: skip


def test_a_poisoned_one_among_many_fails_alone(site: Site, channel: Channel, sandbox: Sandbox, settings: Any) -> None:
    settings.DISPATCH_ATTEMPT_SECONDS = 5
    pixel = postback(site, **OWN)
    for number in range(500):
        visit = VisitFactory(site=site, parameters={"subid": "bad" if number == 123 else f"c{number}"})
        SendFactory(conversion=ConversionFactory(channel=channel, visit=visit), pixel=pixel, due=True)
    deliver(pixel)
    assert Send.objects.filter(status=SendStatus.SENT).count() == 499
    failed = Send.objects.select_related("conversion__visit").get(status=SendStatus.FAILED)
    assert (failed.conversion.visit.parameters, failed.error_code) == ({"subid": "bad"}, "http_400")
    assert sandbox.stats()["postback"]["requests"] == 500


@pytest.mark.parametrize(
    ("refusal", "status", "paused"),
    [
        ("auth", SendStatus.PENDING, True),
        ("permission", SendStatus.PENDING, True),
        ("throttled", SendStatus.PENDING, False),
        ("transient", SendStatus.PENDING, False),
        ("invalid", SendStatus.FAILED, False),
    ],
)
def test_each_refusal_acts_as_documented(
    site: Site, channel: Channel, sandbox: Sandbox, refusal: str, status: str, paused: bool
) -> None:
    pixel = postback(site, **OWN)
    SendFactory(conversion=ConversionFactory(channel=channel), pixel=pixel, due=True)
    sandbox.fault(kind="platform_error", platform="postback", times=1, params={"name": refusal})
    deliver(pixel)
    pixel.refresh_from_db()
    assert (Send.objects.get().status, bool(pixel.paused_at)) == (status, paused)


def test_no_secret_reaches_attempts_or_logs(site: Site, channel: Channel, sandbox: Sandbox, caplog: Any) -> None:
    options = {"template": "https://crm.example/Path-S3cr3t?key=Fixed-S3cr3t&t={secret}&cid={click_id}"}
    pixel = PixelFactory(site=site, platform="postback", pixel_id="net", options=options, credential="Kept-S3cr3t")
    SendFactory(conversion=ConversionFactory(channel=channel), pixel=pixel, due=True)
    sandbox.fault(kind="platform_error", platform="postback", times=1, params={"name": "transient"})
    deliver(pixel)
    assert "S3cr3t" not in json.dumps(list(Attempt.objects.values("request", "response", "message", "notes")))
    assert "S3cr3t" not in caplog.text


# ------------------------------------------------------------------ where it may lead
@pytest.mark.parametrize(
    "address",
    [
        "http://crm.example/",
        "https://127.0.0.1/",
        "https://10.0.0.5/x",
        "https://[::1]/",
        "https://2130706433/",
        "https://db.internal/",
        "https://{click_id}.example/",
        "https://crm.example@10.0.0.5/",
        "ftp://crm.example/",
        "crm.example",
        "https://crm.example/?x={nonsense}",
    ],
)
def test_an_address_that_must_not_be_is_refused(account: Any, db: None, address: str) -> None:
    with pytest.raises(WrongField, match=r"sites\[0\]\.pixels\[0\]\.options\.template"):
        provision(account, {"template": address})
    assert not Pixel.objects.exists()


def test_a_private_tracker_is_refused(account: Any) -> None:
    with pytest.raises(WrongField, match="private"):
        provision(account, {"preset": "binom", "parameters": {"tracker": "192.168.1.4"}})


@pytest.mark.parametrize("address", ["https://127.0.0.1:9/", "http://localhost:9/", "https://localhost:9/"])
def test_an_address_that_became_private_gets_nothing(site: Site, channel: Channel, address: str) -> None:
    pixel = postback(site, template=address)
    SendFactory(conversion=ConversionFactory(channel=channel), pixel=pixel, due=True)
    deliver(pixel)
    attempt = Attempt.objects.get()
    assert "private" in attempt.message or "https" in attempt.message
    assert Send.objects.get().status == SendStatus.PENDING


def test_a_name_that_leads_inside_gets_nothing(site: Site, channel: Channel, monkeypatch: Any) -> None:
    monkeypatch.setattr("dispatch.webhooks.targets._resolve", lambda host, port: ["127.0.0.1"])
    pixel = postback(site, **OWN)
    SendFactory(conversion=ConversionFactory(channel=channel), pixel=pixel, due=True)
    deliver(pixel)
    assert "private network" in Attempt.objects.get().message


def test_private_addresses_can_be_allowed(site: Site, channel: Channel, sandbox: Sandbox, settings: Any) -> None:
    settings.WEBHOOKS_ALLOW_PRIVATE, settings.PLATFORM_API_URLS = True, {}
    pixel = postback(site, template=f"{sandbox.url}/postback/crm.example/x?cid={{click_id}}", method="POST")
    SendFactory(conversion=ConversionFactory(channel=channel), pixel=pixel, due=True)
    deliver(pixel)
    assert sandbox.events(platform="postback")[0]["event"]["method"] == "POST"


# ------------------------------------------------------------------ provision
def test_a_preset_is_provisioned_without_token(account: Any, db: None) -> None:
    provision(account, {"preset": "binom", "parameters": {"tracker": "t.example"}, "rename": {"Lead": "install"}})
    assert Pixel.objects.get().options["rename"] == {"Lead": "install"}


def test_a_presets_secret_is_kept_encrypted(account: Any, db: None) -> None:
    provision(account, KEITARO)
    pixel = Pixel.objects.get()
    assert pixel.credential() == "k-1234567890"
    assert pixel.options == {"preset": "keitaro", "parameters": {"tracker": "t.example"}}
    provision(account, KEITARO)
    assert Pixel.objects.get().credential() == "k-1234567890"


@pytest.mark.parametrize(
    ("options", "wrong"),
    [
        ({}, "template: Give the address"),
        ({"preset": "nobody"}, "preset: must be one of"),
        ({"preset": "binom"}, "parameters: Binom needs tracker"),
        ({**OWN, "preset": "richads"}, "template: Give a preset or a template"),
        ({**OWN, "method": "PUT"}, "method: must be one of GET, POST"),
        ({**OWN, "only": "Lead"}, "only: must be a list"),
        ({**OWN, "only": ["Sale"]}, r"only\[0\]: must be one of"),
        ({**OWN, "rename": {"Lead": 3}}, "rename.Lead: must be a string"),
        ({**OWN, "success": 1}, "success: must be a string"),
    ],
)
def test_wrong_options_are_named(account: Any, db: None, options: Any, wrong: str) -> None:
    with pytest.raises(WrongField, match=wrong):
        provision(account, options)


def test_a_site_keeps_what_its_postback_reads(account: Any, db: None) -> None:
    provision(account, {"preset": "richads"})
    provision(
        account, {"template": "https://c.example/?z={param:Zone}&g={param:gclid}", "clickId": "mine"}, pixelId="b"
    )
    assert Site.objects.get().kept_query_parameters == ["key", "Zone", "gclid", "mine"]
    visit = Browser(Site.objects.get(), origin="https://acme.example").visit("?key=K&zone=9&mine=M&other=1")
    assert visit.parameters == {"key": "K", "zone": "9", "mine": "M"}
    assert Visit.objects.count() == 1
    assert not Conversion.objects.exists()
