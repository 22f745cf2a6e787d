"""TikTok: Events API 2.0 (path v1.3).

Source: business-api.tiktok.com/portal/docs, "Events API 2.0" (read in 2026-09) and measurements of 2026-08.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from adtarget.core.http_messages import HttpAnswer, PreparedRequest
from conversions.choices import EventType
from dispatch.choices import Reason
from dispatch.platforms.base import ANY_PIXEL_ID, ClickId, Platform
from dispatch.platforms.facts import CannotExpress, OutgoingEvent, Payload, PixelConfig
from dispatch.platforms.options import DEFAULT_PHONE_REGION, EVENT_NAMES, LIMITED_DATA_USE
from dispatch.platforms.reading import Verdict
from dispatch.platforms.tiktok import answers, payload
from dispatch.platforms.tiktok.words import WORDS
from dispatch.platforms.words import Icon

#: Page "Supported currencies" (2026-09). An event in another one goes without value and currency.
CURRENCIES = frozenset(
    """
    AED ARS AUD BDT BHD BIF BOB BRL CAD CHF CLP CNY COP CRC CZK DKK DZD EGP EUR GBP GTQ HKD HNL HUF IDR ILS INR
    ISK JPY KES KHR KRW KWD KZT MAD MOP MXN MYR NGN NIO NOK NZD OMR PEN PHP PKR PLN PYG QAR RON RUB SAR SEK SGD
    THB TRY TWD UAH USD VES VND ZAR
    """.split()
)
LONGEST_TTCLID = 1000  # page "Send TikTok Click ID" (2026-09)


class TikTok(Platform):
    slug = "tiktok"
    name = "TikTok"
    icon = Icon(letter="T", colour="#161823")
    words = WORDS
    api_url = "https://business-api.tiktok.com"
    pixel_id_form = ANY_PIXEL_ID
    demo_pixel = {"pixelId": "CDEMO0TIKTOK00SANDBOX", "accessToken": "tiktok-sandbox-token"}
    accepted_signals = "ttclid, ttp, pii.email, pii.phone, externalUserId, or clientIp with userAgent"
    click_ids = (
        ClickId(
            field="ttclid",
            name="TikTok click id (ttclid)",
            parameter="ttclid",
            cookie="ttclid",
            is_sound=lambda value: len(value) <= LONGEST_TTCLID,
        ),
        ClickId(field="ttp", name="TikTok browser id (ttp)", cookie="_ttp", is_click=False),
    )
    event_names = {kind: kind.value for kind in EventType if kind != EventType.CUSTOM}
    max_age = timedelta(days=28)  # unpublished by TikTok; a partner documents 28 days (2026-11)
    batch_limit = 1000
    currencies = CURRENCIES
    requests_per_minute = None
    match_weights = {
        "e-mail": 25,
        "phone": 20,
        "TikTok click id (ttclid)": 20,
        "external id": 10,
        "IP address and user agent": 10,
        "TikTok browser id (ttp)": 10,
        "names": 5,
    }
    reasons = {}
    meanings = answers.MEANINGS
    options = (EVENT_NAMES, LIMITED_DATA_USE, DEFAULT_PHONE_REGION)
    credential_kinds = ()
    consents = ()
    exchange = None
    later = None

    def has_signal(self, event: OutgoingEvent) -> bool:
        return payload.has_signal(event)

    def takes_tests(self, pixel: PixelConfig) -> bool:
        """Only with a test event code: without one a test would count."""
        return bool(pixel.test_event_code)

    def fit(self, event: OutgoingEvent) -> tuple[OutgoingEvent, list[str]]:
        fitted, notes = super().fit(event)
        if event.value is not None and event.currency and event.currency not in CURRENCIES:
            notes.append(f"Value and currency were left out: TikTok does not take {event.currency}.")
        return fitted, notes

    def express(self, event: OutgoingEvent, pixel: PixelConfig) -> Payload:
        if not self.has_signal(event):
            raise CannotExpress(Reason.MISSING_IDENTIFIER)
        name = payload.standard_name(self.event_name(event, pixel))
        return payload.render(event, pixel, name=name, currencies=CURRENCIES)

    def request(
        self, pixel: PixelConfig, credential: str, payloads: Sequence[Payload], *, test: bool = False
    ) -> PreparedRequest:
        return payload.request(pixel, credential, payloads, test=test)

    def judge(self, answer: HttpAnswer, body: Any, count: int) -> Sequence[Verdict]:
        return answers.judge(answer, body, count)
