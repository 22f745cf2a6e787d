"""What the product makes of one case: its answer and, for each platform, the request or why there is none."""

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from django.utils import timezone
from django.utils.dateparse import parse_datetime

from adtarget.core.http_messages import HttpAnswer, PreparedRequest
from conversions.models import Conversion
from dispatch import batches
from dispatch.models import Pixel, Send
from leads import api_keys
from leads.models import Channel
from tests.conftest import Api
from tests.corpus import Case
from tests.factories import (
    AccountFactory,
    ChannelFactory,
    ConversionFactory,
    LeadFactory,
    PixelFactory,
    SiteFactory,
    VisitFactory,
)

PATH = "/api/v1/events/conversion"
ACTIONS = {"Lead": "700", "Purchase": "701", "CompleteRegistration": "702", "Subscribe": "703"}
PIXELS: dict[str, dict[str, Any]] = {
    "meta": {"pixel_id": "1234567890"},
    "tiktok": {"pixel_id": "C4TIKTOKPIXEL"},
    "snapchat": {"pixel_id": "0b9d4c1e-6f0a-4d3c-8a52-1f2e3d4c5b6a"},
    "google": {"pixel_id": "1112223333", "options": {"conversionActions": ACTIONS}},
}
#: Of the cases that name their platforms.
MORE: dict[str, dict[str, Any]] = {
    "reddit": {"pixel_id": "a2_abc"},
    "microsoft": {"pixel_id": "187012345"},
    "pinterest": {"pixel_id": "549755885175"},
    "chatgpt": {"pixel_id": "KBHCVX1d"},
    "yandex": {"pixel_id": "12345678"},
    "postback": {
        "pixel_id": "keitaro",
        "options": {"preset": "keitaro", "parameters": {"tracker": "t.example"}, "rename": {"Subscribe": "vip"}},
    },
}


def outcome_of(case: Case) -> dict[str, Any]:
    """Sends the case through the API and delivery, to a platform that only listens; makes rows."""
    channel = _channel(case)
    pixels = {slug: _pixel(channel, slug, case) for slug in case.get("platforms", PIXELS)}
    api = Api(api_keys.create_key(account=channel.site.account, site=None, name="corpus")[1])
    ids = {"siteId": channel.site_id, "channelId": channel.pk}
    person = case["request"]["telegramUserId"]
    if "visit" in case:
        _begin_with_visit(channel, person, case["visit"])
    for body in case.get("before", []):
        assert api.post(PATH, {"telegramUserId": person, **ids, **body}).status_code == 200
    answer = api.post(PATH, {**ids, **case["request"]})
    assert answer.status_code == 200, answer.content
    conversion = Conversion.objects.get(pk=answer.json()["conversionId"])
    warnings = [f"{warning['field']}: {warning['code']}" for warning in answer.json().get("warnings", [])]
    platforms = {slug: _sent(conversion, pixel) for slug, pixel in pixels.items()}
    return {**({"warnings": warnings} if warnings else {}), **platforms}


def _channel(case: Case) -> Channel:
    account = AccountFactory(name="Corpus")
    site = SiteFactory(account=account, domain="acme.example", **case.get("site", {}))
    channel: Channel = ChannelFactory(site=site, default=True)
    return channel


def _pixel(channel: Channel, slug: str, case: Case) -> Pixel:
    given = {**PIXELS, **MORE}[slug]
    options = {**given.get("options", {}), **case.get("options", {}).get(slug, {})}
    code = case.get("codes", {}).get(slug, "")
    pixel: Pixel = PixelFactory(
        site=channel.site,
        platform=slug,
        pixel_id=given["pixel_id"],
        options=options,
        test_event_code=code,
        credential="token",
    )
    return pixel


def _begin_with_visit(channel: Channel, person: int, visit: dict[str, Any]) -> None:
    """The lead came through a tracked visit, and joined."""
    at = parse_datetime(visit["visited_at"])
    made = VisitFactory(site=channel.site, **{**visit, "visited_at": at})
    lead = LeadFactory(site=channel.site, telegram_user_id=person)
    ConversionFactory(channel=channel, lead=lead, visit=made, session=made.session, source="tracker")


def _sent(conversion: Conversion, pixel: Pixel) -> Any:
    send = Send.objects.filter(conversion=conversion, pixel=pixel).first()
    if send is None:
        return "not scheduled"
    Send.objects.filter(pixel=pixel).exclude(pk=send.pk).delete()
    requests: list[PreparedRequest] = []

    def listen(request: PreparedRequest) -> HttpAnswer:
        requests.append(request)
        return HttpAnswer(status=503)

    batches.deliver_sends(pixel.pk, post=listen, clock=timezone.now)
    send.refresh_from_db()
    if not requests:
        return f"skipped, {send.reason}" + (f": {send.error_message}" if send.error_message else "")
    (request,) = requests
    shown = f"{request.method} {_shown(request.url) if request.body else request.url}"
    return {shown: placed(_document(request.body), conversion.pk, conversion.event_time)}


def _document(body: bytes) -> Any:
    """A JSON body as it is, a file as its lines, '' without any."""
    text = body.decode()
    return json.loads(text) if text.startswith("{") else text.splitlines()


def _shown(url: str) -> str:
    parts = urlsplit(url)
    return parts.path + (f"?{parts.query}" if parts.query else "")


def placed(value: Any, event_id: str, at: datetime) -> Any:
    """The body with names where each run has values of its own: the event's id and times."""
    seconds, thousandths = int(at.timestamp()), f"{int(at.timestamp() * 1000)}"
    milliseconds = seconds * 1000 + at.microsecond // 1000
    written = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    match value:
        case dict():
            return {key: placed(inner, event_id, at) for key, inner in value.items()}
        case list():
            return [placed(inner, event_id, at) for inner in value]
        case str():
            known = {event_id: "<event id>", written: "<event time>"}
            value = value.replace(f",{seconds},", ",<event time>,")
            return known.get(value, value.replace(f"fb.1.{thousandths}.", "fb.1.<event time, ms>."))
        case int() if value == seconds and not isinstance(value, bool):
            return "<event time>"
        case int() if value == milliseconds and not isinstance(value, bool):
            return "<event time, ms>"
    return value
