"""Google Ads: Data Manager API, events:ingest (v1).

Source: developers.google.com/data-manager, reference of 2026-07-28, and measurements of 2026-08 and 2026-09.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from adtarget.core.http_messages import HttpAnswer, PreparedRequest
from adtarget.core.json_document import mapping
from dispatch.platforms.base import ANY_PIXEL_ID, ClickId, Platform
from dispatch.platforms.facts import OutgoingEvent, Payload, PixelConfig
from dispatch.platforms.google import answers, oauth, payload
from dispatch.platforms.google.diagnostics import GoogleDiagnostics
from dispatch.platforms.google.words import WORDS
from dispatch.platforms.options import DEFAULT_PHONE_REGION, Option, choice, text_or_number
from dispatch.platforms.reading import Verdict
from dispatch.platforms.words import Icon

CONVERSION_ACTIONS = Option(
    name="conversionActions",
    label="Conversion actions",
    help="One a line: event = id of the conversion action. Google Ads → Goals → the action; its id is "
    "the ctId in the address. Events without one are skipped.",
    read=mapping(text_or_number),
    kind="mapping",
    placeholder="Lead = 7654321",
)
LOGIN_ACCOUNT = Option(
    name="loginAccount",
    label="Manager account",
    help="The customer id of the manager account through which the credentials have access; empty for none.",
    read=text_or_number,
    kind="text",
    is_common=False,
)

IP_ADDRESS = choice(
    name="ipAddress",
    label="IP addresses",
    help="Google does not match by IP address in the EEA, the UK and Switzerland: from there none is ever sent.",
    choices=[
        ("known_outside_eea", "Of visitors known to be elsewhere"),
        ("always", "Also where the country is unknown"),
        ("never", "Never"),
    ],
)


class Google(Platform):
    slug = "google"
    name = "Google"
    icon = Icon(letter="G", colour="#1a6b3c")
    words = WORDS
    api_url = "https://datamanager.googleapis.com"
    pixel_id_form = ANY_PIXEL_ID
    demo_pixel = {
        "pixelId": "1112223333",
        "options": {
            "credentials": {"clientId": "demo", "clientSecret": "sandbox-secret", "refreshToken": "sandbox-refresh"},
            "conversionActions": {"Lead": "700", "Purchase": "701", "CompleteRegistration": "702", "Subscribe": "703"},
        },
    }
    accepted_signals = "gclid, gbraid, wbraid, pii.email or pii.phone"
    click_ids = tuple(
        ClickId(field=name, name="Google click id (gclid)", parameter=name) for name in ("gclid", "gbraid", "wbraid")
    )
    event_names = {}
    max_age = timedelta(days=90)  # the life of a gclid; the API's own window is unpublished
    batch_limit = 2000
    currencies = None
    requests_per_minute = 240  # 300 per Cloud project, all customers together; the rest is left to diagnostics
    match_weights = {"Google click id (gclid)": 50, "e-mail": 25, "phone": 20, "IP address and user agent": 5}
    reasons = {}
    meanings = answers.MEANINGS
    options = (CONVERSION_ACTIONS, LOGIN_ACCOUNT, IP_ADDRESS, DEFAULT_PHONE_REGION)
    credential_kinds = (oauth.REFRESH_TOKEN, oauth.SERVICE_ACCOUNT)
    consents = ("adUserData", "adPersonalization")
    exchange = oauth.GoogleOAuth()
    later = GoogleDiagnostics()

    def has_signal(self, event: OutgoingEvent) -> bool:
        return payload.has_signal(event)

    def takes_tests(self, pixel: PixelConfig) -> bool:
        """Always: `validateOnly` checks events and counts none."""
        return True

    def express(self, event: OutgoingEvent, pixel: PixelConfig) -> Payload:
        return payload.render(event, pixel)

    def request(
        self, pixel: PixelConfig, credential: str, payloads: Sequence[Payload], *, test: bool = False
    ) -> PreparedRequest:
        return payload.request(pixel, credential, payloads, test=test)

    def judge(self, answer: HttpAnswer, body: Any, count: int) -> Sequence[Verdict]:
        return answers.judge(answer, body, count)

    def tidy_pixel_id(self, written: str) -> str:
        return payload.digits(written)

    def secret_of(self, credential: str) -> str:
        return oauth.secret_of(credential)
