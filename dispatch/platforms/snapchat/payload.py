"""Snapchat Conversions API v3.

Facts: platforms.md, section 3 (vendor pages, Java SDK schema and live measurements of August 2026).
"""

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
    present,
    price,
    refused,
    text,
    unix_seconds,
    unrecognised,
)

# Snapchat has no error codes: the HTTP status decides (platforms.md, 3.6, 2026-08).
CREDENTIAL = frozenset({401, 403, 404})  # 404: no such pixel

# The list that Segment enforces, as of 2026-08 (platforms.md, 3.7); Snapchat publishes none.
CURRENCIES = frozenset(
    """
    AED ALL AUD BGN BHD BRL CAD CHF CLP CNY COP CZK DKK DZD EGP EUR GBP GHS GIP HKD HRK HUF IDR ILS INR IQD ISK JOD
    JPY KES KRW KWD KZT LBP MAD MXN MYR NGN NOK NZD OMR PEN PHP PKR PLN QAR RON RUB SAR SEK SGD THB TRY TWD TZS UAH
    USD VND XOF ZAR
    """.split()
)


class Snapchat(Platform):
    slug = PlatformSlug.SNAPCHAT
    # No LEAD is documented: SIGN_UP is what Snap's own tag template sends for one.
    event_names = {
        EventType.LEAD: "SIGN_UP",
        EventType.PURCHASE: "PURCHASE",
        EventType.COMPLETE_REGISTRATION: "SIGN_UP",
        EventType.SUBSCRIBE: "SUBSCRIBE",
        EventType.CUSTOM: "",  # CUSTOM_EVENT_1 to 5: only the pixel's owner knows which
    }
    max_age = timedelta(days=7)  # documented are 37; what integrators enforce for the web
    batch_limit = 2000

    def has_signal(self, event: OutgoingEvent) -> bool:
        return bool(event.sccid or self._is_matchable(event))

    def _is_matchable(self, event: OutgoingEvent) -> bool:
        """Snapchat's own rule, which a click id alone does not meet; one such event sinks its batch."""
        return bool(event.email or event.phone_digits or (event.client_ip and event.user_agent))

    def render(self, event: OutgoingEvent, pixel: PixelConfig) -> Payload:
        name = self.event_name(event, pixel)
        if not self._is_matchable(event):
            raise CannotExpress(Reason.MISSING_IDENTIFIER)
        is_purchase = event.event_type == EventType.PURCHASE or name == "PURCHASE"
        return {
            **present(
                event_name=name,
                event_time=unix_seconds(event.occurred_at),
                event_id=event.event_id,
                action_source="WEB",
                event_source_url=event.event_source_url,
                user_data=self._user_data(event),
                custom_data=present(
                    **price(event, required=is_purchase, currencies=CURRENCIES), order_id=event.order_id
                ),
            ),
            **limited_data_use(pixel),
        }

    def _user_data(self, event: OutgoingEvent) -> Payload:
        return present(
            em=listed(event.email),
            ph=listed(event.phone_digits),
            fn=listed(event.first_name),
            ln=listed(event.last_name),
            external_id=event.external_ids,
            client_ip_address=event.client_ip,
            client_user_agent=event.user_agent,
            sc_click_id=event.sccid,
            sc_cookie1=event.sc_cookie1,
        )

    def request(
        self, pixel: PixelConfig, credential: str, payloads: Sequence[Payload], *, test: bool = False
    ) -> PreparedRequest:
        url = f"{pixel.api_url}/v3/{quote(pixel.pixel_id, safe='')}/events{'/validate' if test else ''}"
        headers = {"Authorization": f"Bearer {credential}"}
        if pixel.options.get("tokenInQuery"):
            url, headers = f"{url}?{urlencode({'access_token': credential})}", {}
        return json_request(url, headers=headers, document={"data": list(payloads)})

    def judge(self, answer: HttpAnswer, body: Any, count: int) -> Sequence[Verdict]:
        if not isinstance(body, dict):
            body = {}
        problems = _problems(body)
        message = "; ".join(problems) or text(body.get("reason"))
        if answer.status in CREDENTIAL:
            return [Verdict(outcome=Outcome.AUTH, code=f"http_{answer.status}", message=message)] * count
        if answer.status == 200 and body.get("status") == "VALID" and not problems:
            return [Verdict(outcome=Outcome.ACCEPTED)] * count
        if body.get("status") == "INVALID" and answer.status in (200, 400):
            verdict = Verdict(outcome=Outcome.REJECTED, code=_code(body), message=message)
            return refused(verdict, count, guilty=_guilty(body))
        return unrecognised(answer, count)


def _problems(body: Payload) -> list[str]:
    """The messages of both shapes of an error: flat as measured, nested as in the SDK's schema."""
    nested = body.get("errors")
    groups = [body.get("error_msgs"), *(nested.values() if isinstance(nested, dict) else [nested])]
    return [str(problem) for group in groups for problem in _as_list(group)]


def _code(body: Payload) -> str:
    errors = body.get("errors")
    codes = _as_list(errors.get("codes")) if isinstance(errors, dict) else []
    return text(codes[0]) if codes else "INVALID"


def _guilty(body: Payload) -> list[int]:
    """The events an answer names: one by its index, or each in the logs that `validate` returns."""
    logs = [log for log in _as_list(body.get("event_logs")) if isinstance(log, dict)]
    named = [body.get("event"), *(log.get("event") for log in logs if log.get("status") == "INVALID")]
    return [index for index in named if isinstance(index, int) and not isinstance(index, bool)]


def _as_list(value: Any) -> list[Any]:
    if isinstance(value, list):
        return value
    return [value] if value else []
