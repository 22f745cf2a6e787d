"""TikTok Events API 2.0 (path v1.3).

Facts: platforms.md, section 2 (vendor pages and live measurements of August and September 2026).
"""

import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from adtarget.core.http_messages import HttpAnswer, PreparedRequest
from conversions.choices import EventType
from dispatch.choices import Outcome, PlatformSlug, Reason
from dispatch.platforms.base import (
    CannotExpress,
    OutgoingEvent,
    Payload,
    PixelConfig,
    Platform,
    Verdict,
    json_request,
    longest,
    not_their_words,
    present,
    price,
    refused,
    text,
    unix_seconds,
)

# Return codes: portal page 1737172488964097, as of 2026-09 (platforms.md, 2.6). HTTP 401 stands for
# throttling as well as for a bad token, so only these codes decide.
ACCEPTED = frozenset({0, 20001})  # 20001: partial success, which names no event
THROTTLED = frozenset({40016, 40100, 51021})
CREDENTIAL = frozenset({40001, 40007, 40101, 40102, 40103, 40104, 40105})
REFUSED = range(40000, 50000)
SERVER_SIDE = range(50000, 60000)

THROTTLED_WAIT = timedelta(seconds=60)

FIRST_BAD_EVENT = re.compile(r"\bBatch\.([0-9]{1,6})\b")

# Some of the words that cannot name a custom event (help page "reserved events", 2026-09).
RESERVED_NAMES = frozenset({"AddBilling", "Browse", "Checkout", "ClickForm", "Registration", "StartCheckout"})

# platforms.md, 2.7.
CURRENCIES = frozenset(
    """
    AED ARS AUD BDT BHD BIF BOB BRL CAD CHF CLP CNY COP CRC CZK DKK DZD EGP EUR GBP GTQ HKD HNL HUF IDR ILS INR ISK
    JPY KES KHR KRW KWD KZT MAD MOP MXN MYR NGN NIO NOK NZD OMR PEN PHP PKR PLN PYG QAR RON RUB SAR SEK SGD THB TRY
    TWD UAH USD VES VND ZAR
    """.split()
)


class TikTok(Platform):
    slug = PlatformSlug.TIKTOK
    event_names = {kind: kind.value for kind in EventType if kind != EventType.CUSTOM}
    max_age = timedelta(days=7)  # unpublished for the web; what integrators use
    batch_limit = 1000

    def has_signal(self, event: OutgoingEvent) -> bool:
        return bool(
            event.ttclid
            or event.ttp
            or event.email
            or event.phone_e164
            or event.external_id
            or (event.client_ip and event.user_agent)
        )

    def takes_tests(self, pixel: PixelConfig) -> bool:
        """Only with a test event code: without one a test would count."""
        return bool(pixel.test_event_code)

    def render(self, event: OutgoingEvent, pixel: PixelConfig) -> Payload:
        if not self.has_signal(event):
            raise CannotExpress(Reason.MISSING_IDENTIFIER)
        name = self.event_name(event, pixel)
        if name in RESERVED_NAMES:
            raise CannotExpress(Reason.NO_EVENT_NAME)
        priced = price(event, required="Purchase" in (event.event_type, name), currencies=CURRENCIES)
        return present(
            event=name,
            event_time=unix_seconds(event.occurred_at),
            event_id=event.event_id,
            user=self._user(event),
            page=present(url=event.event_source_url, referrer=event.referrer),
            properties=present(**priced, description=event.content_name, order_id=event.order_id),
            limited_data_use=True if pixel.options.get("limitedDataUse") else None,
        )

    def _user(self, event: OutgoingEvent) -> Payload:
        return present(
            email=event.email,
            phone=event.phone_e164,
            external_id=event.external_ids,
            first_name=event.first_name,
            last_name=event.last_name,
            ttclid=event.ttclid,
            ttp=event.ttp,
            ip=event.client_ip,
            user_agent=event.user_agent,
        )

    def request(
        self, pixel: PixelConfig, credential: str, payloads: Sequence[Payload], *, test: bool = False
    ) -> PreparedRequest:
        document = present(
            event_source="web",
            event_source_id=pixel.pixel_id,
            test_event_code=pixel.test_event_code if test else "",
            data=list(payloads),
        )
        url = f"{pixel.api_url}/open_api/v1.3/event/track/"
        return json_request(url, headers={"Access-Token": credential}, document=document)

    def judge(self, answer: HttpAnswer, body: Any, count: int) -> Sequence[Verdict]:
        match body:
            case {"code": int(code)} if not isinstance(code, bool):
                return self._coded(answer, code, body, count)
        return not_their_words(answer, count)

    def _coded(self, answer: HttpAnswer, code: int, body: Payload, count: int) -> list[Verdict]:
        message = text(body.get("message"))
        outcome = self._meaning(answer, code)
        verdict = Verdict(
            outcome=outcome,
            code=str(code),
            message="" if code == 0 else message,
            trace_id=text(body.get("request_id")),
            wait=longest(THROTTLED_WAIT if code in THROTTLED else None, answer.retry_after),
        )
        if outcome == Outcome.REJECTED:
            return refused(verdict, count, guilty=map(int, FIRST_BAD_EVENT.findall(message)))
        return [verdict] * count

    def _meaning(self, answer: HttpAnswer, code: int) -> Outcome:
        if code in ACCEPTED:
            return Outcome.ACCEPTED if answer.status == 200 else Outcome.AMBIGUOUS
        if code in THROTTLED or code in SERVER_SIDE:
            return Outcome.RETRY
        if code in CREDENTIAL:
            return Outcome.AUTH
        return Outcome.REJECTED if code in REFUSED else Outcome.AMBIGUOUS
