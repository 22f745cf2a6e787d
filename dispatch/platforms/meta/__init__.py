"""Meta (Facebook, Instagram): Conversions API, Graph v26.0.

Source: developers.facebook.com, "Conversions API" (parameters, best practices, support; read in 2026-09).
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from adtarget.core.http_messages import HttpAnswer, PreparedRequest
from adtarget.core.json_document import text
from conversions.choices import EventType
from dispatch.platforms.base import ANY_PIXEL_ID, ClickId, Platform
from dispatch.platforms.facts import OutgoingEvent, Payload, PixelConfig
from dispatch.platforms.meta import answers, credentials, payload
from dispatch.platforms.meta.click_ids import is_fbc, is_fbp
from dispatch.platforms.meta.words import WORDS
from dispatch.platforms.options import (
    DEFAULT_PHONE_REGION,
    EVENT_NAMES,
    LIMITED_DATA_USE,
    TEST_PIXEL,
    TOKEN_IN_QUERY,
    Option,
    choice,
)
from dispatch.platforms.reading import Verdict
from dispatch.platforms.words import Icon

API_VERSION = Option(
    name="apiVersion",
    label="Graph API version",
    help=f"Such as {payload.VERSION}, which is used where nothing is given.",
    read=text(16),
    kind="text",
    placeholder=payload.VERSION,
    is_common=False,
)

ACTION_SOURCE = choice(
    name="actionSource",
    label="Where events happen",
    help="A backend event without user agent and URL, but with e-mail or phone, can go as an event of a system. "
    "Meta matches it less well.",
    choices=[("website", "On the website: skipped without a user agent"), ("auto", "Of a system where it must be")],
)


class Meta(Platform):
    slug = "meta"
    name = "Meta"
    icon = Icon(letter="M", colour="#0b5fcc")
    words = WORDS
    api_url = "https://graph.facebook.com"
    pixel_id_form = ANY_PIXEL_ID
    demo_pixel = {"pixelId": "1234567890", "accessToken": "EAA-sandbox-token"}
    accepted_signals = "fbc, fbp, pii.email, pii.phone, externalUserId, or clientIp with userAgent"
    click_ids = (
        ClickId(field="fbc", name="Meta click id (fbc)", parameter="fbclid", cookie="_fbc", is_sound=is_fbc),
        ClickId(field="fbp", name="Meta browser id (fbp)", cookie="_fbp", is_click=False, is_sound=is_fbp),
    )
    event_names = {kind: kind.value for kind in EventType if kind != EventType.CUSTOM}
    max_age = timedelta(days=7)
    batch_limit = 1000
    currencies = None
    requests_per_minute = None
    match_weights = {
        "e-mail": 25,
        "phone": 20,
        "Meta click id (fbc)": 20,
        "external id": 10,
        "IP address and user agent": 10,
        "Meta browser id (fbp)": 10,
        "names": 5,
    }
    reasons = {}
    meanings = answers.MEANINGS
    options = (
        TEST_PIXEL,
        EVENT_NAMES,
        ACTION_SOURCE,
        LIMITED_DATA_USE,
        DEFAULT_PHONE_REGION,
        API_VERSION,
        TOKEN_IN_QUERY,
    )
    credential_kinds = (credentials.WITH_SECRET,)
    consents = ()
    exchange = None
    later = None

    def has_signal(self, event: OutgoingEvent) -> bool:
        return payload.has_signal(event)

    def takes_tests(self, pixel: PixelConfig) -> bool:
        """Only a pixel kept for tests: Meta counts events that carry a test code."""
        return bool(pixel.options.get("testPixel"))

    def express(self, event: OutgoingEvent, pixel: PixelConfig) -> Payload:
        source = payload.action_source(event, pixel)
        return payload.render(event, pixel, name=self.event_name(event, pixel), source=source)

    def request(
        self, pixel: PixelConfig, credential: str, payloads: Sequence[Payload], *, test: bool = False
    ) -> PreparedRequest:
        # A live event with a test code would be shown as a test and still count.
        return payload.request(pixel, credential, payloads, sends_code=self.takes_tests(pixel))

    def secret_of(self, credential: str) -> str:
        return credentials.read(credential).token

    def judge(self, answer: HttpAnswer, body: Any, count: int) -> Sequence[Verdict]:
        return answers.judge(answer, body, count)
