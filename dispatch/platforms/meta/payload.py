"""Meta Conversions API, Graph v26.0.

Facts: platforms.md, section 1 (vendor pages read in September 2026).
"""

import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlencode

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
    limited_data_use,
    listed,
    longest,
    not_their_words,
    present,
    price,
    refused,
    text,
    unix_seconds,
    unrecognised,
)

VERSION = "v26.0"  # of 2026-07-29, no end announced; `apiVersion` among a pixel's options overrides it

# Error codes: Graph API "Handle errors" and CAPI support pages, as of 2026-09 (platforms.md, 1.6).
TRANSIENT = frozenset({1, 2, 5000, 21009})
THROTTLED = frozenset({4, 17, 32, 341, 613, *range(80000, 80015)})
BLOCKED_FOR_A_WHILE = 368
CREDENTIAL = frozenset({3, 10, 102, 190, *range(200, 300)})
NO_TOKEN_GIVEN = 2500  # about the credential only where the error is of OAuth's kind
UNKNOWN_PIXEL = (100, 33)
INVALID = frozenset({100, 105})

THROTTLED_WAIT = timedelta(seconds=60)
BLOCKED_WAIT = timedelta(hours=1)

FBC = re.compile(r"fb\.[0-9]\.[0-9]{10,13}\.\S+")


class Meta(Platform):
    slug = PlatformSlug.META
    event_names = {kind: kind.value for kind in EventType if kind != EventType.CUSTOM}
    max_age = timedelta(days=7)
    batch_limit = 1000

    def has_signal(self, event: OutgoingEvent) -> bool:
        return bool(
            event.fbc
            or event.fbp
            or event.email
            or event.phone_digits
            or event.external_id
            or (event.client_ip and event.user_agent)
        )

    def takes_tests(self, pixel: PixelConfig) -> bool:
        """Only a pixel kept for tests: Meta counts events that carry a test code."""
        return bool(pixel.options.get("testPixel"))

    def render(self, event: OutgoingEvent, pixel: PixelConfig) -> Payload:
        if not event.user_agent:
            raise CannotExpress(Reason.MISSING_USER_AGENT)
        name = self.event_name(event, pixel)
        return {
            **present(
                event_name=name,
                event_time=unix_seconds(event.occurred_at),
                event_id=event.event_id,
                action_source="website",
                event_source_url=event.event_source_url,
                referrer_url=event.referrer,
                user_data=self._user_data(event),
                custom_data=present(
                    **price(event, required="Purchase" in (event.event_type, name)),
                    content_name=event.content_name,
                    order_id=event.order_id,
                ),
            ),
            **limited_data_use(pixel),
        }

    def _user_data(self, event: OutgoingEvent) -> Payload:
        # Since before 2026 a malformed fbc is error 100/2804001 for the whole batch, so it is left out.
        fbc = event.fbc if FBC.fullmatch(event.fbc) else ""
        matchable = present(
            em=listed(event.email),
            ph=listed(event.phone_digits),
            external_id=event.external_ids,
            fbc=fbc,
            fbp=event.fbp,
            client_ip_address=event.client_ip,
        )
        if not matchable:
            raise CannotExpress(Reason.MISSING_IDENTIFIER)
        names = present(fn=listed(event.first_name), ln=listed(event.last_name))
        return {**matchable, **names, "client_user_agent": event.user_agent}

    def request(
        self, pixel: PixelConfig, credential: str, payloads: Sequence[Payload], *, test: bool = False
    ) -> PreparedRequest:
        version = text(pixel.options.get("apiVersion")) or VERSION
        url = f"{pixel.api_url}/{version}/{quote(pixel.pixel_id, safe='')}/events"
        headers = {"Authorization": f"Bearer {credential}"}
        if pixel.options.get("tokenInQuery"):
            url, headers = f"{url}?{urlencode({'access_token': credential})}", {}
        # A live event with a test code would be shown as a test and still count.
        code = pixel.test_event_code if self.takes_tests(pixel) else ""
        document = present(data=list(payloads), test_event_code=code)
        return json_request(url, headers=headers, document=document)

    def judge(self, answer: HttpAnswer, body: Any, count: int) -> Sequence[Verdict]:
        match body:
            case {"error": {"code": int(code)}} if not isinstance(code, bool):
                return self._error(answer, code, body["error"], count)
            case {"events_received": int()} if answer.status == 200 and "error" not in body:
                return [self._received(body, count)] * count
            case dict():
                return unrecognised(answer, count)
        return not_their_words(answer, count)

    def _received(self, body: Payload, count: int) -> Verdict:
        received, trace_id = body["events_received"], text(body.get("fbtrace_id"))
        if isinstance(received, bool) or received != count:
            message = f"Meta received {received} of {count} events."
            return Verdict(outcome=Outcome.AMBIGUOUS, code="wrong_count", message=message, trace_id=trace_id)
        warnings = body.get("messages")
        message = "; ".join(map(text, warnings)) if isinstance(warnings, list) else ""
        return Verdict(outcome=Outcome.ACCEPTED, message=message, trace_id=trace_id)

    def _error(self, answer: HttpAnswer, code: int, error: Payload, count: int) -> list[Verdict]:
        subcode = error.get("error_subcode")
        outcome, wait = self._meaning(answer, code, error)
        verdict = Verdict(
            outcome=outcome,
            code=f"{code}/{subcode}" if text(subcode) else str(code),
            message=": ".join(filter(None, (text(error.get("message")), text(error.get("error_user_msg"))))),
            trace_id=text(error.get("fbtrace_id")),
            wait=longest(wait, answer.retry_after) if outcome == Outcome.RETRY else None,
        )
        return refused(verdict, count) if outcome == Outcome.REJECTED else [verdict] * count

    def _meaning(self, answer: HttpAnswer, code: int, error: Payload) -> tuple[Outcome, timedelta | None]:
        if code in THROTTLED:
            return Outcome.RETRY, THROTTLED_WAIT
        if code == BLOCKED_FOR_A_WHILE:
            return Outcome.RETRY, BLOCKED_WAIT
        if error.get("is_transient") is True or code in TRANSIENT:
            return Outcome.RETRY, None
        if code in CREDENTIAL or (code, error.get("error_subcode")) == UNKNOWN_PIXEL:
            return Outcome.AUTH, None
        if code == NO_TOKEN_GIVEN and "oauth" in f"{error.get('type')} {error.get('message')}".lower():
            return Outcome.AUTH, None
        if code in INVALID:
            return Outcome.REJECTED, None
        if answer.status in (408, 425, 429) or answer.status >= 500:
            return Outcome.RETRY, None
        return (Outcome.REJECTED if answer.status >= 400 else Outcome.AMBIGUOUS), None
