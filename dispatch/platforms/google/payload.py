"""Google Data Manager API, events:ingest.

Facts: platforms.md, section 4 (reference of 2026-07-28, live measurements of August and September 2026).
Google has no event names: the conversion action is the event type.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from adtarget.core.http_messages import HttpAnswer, PreparedRequest
from dispatch.choices import Outcome, PlatformSlug, Reason
from dispatch.platforms.base import (
    CannotExpress,
    OutgoingEvent,
    Payload,
    PixelConfig,
    Platform,
    Verdict,
    chosen,
    json_request,
    longest,
    present,
    price,
    refused,
    text,
    unrecognised,
)

# Canonical statuses and what they ask of us (platforms.md, 4.6, 2026-09).
STATUSES = {
    "INVALID_ARGUMENT": Outcome.REJECTED,
    "UNAUTHENTICATED": Outcome.AUTH,
    "PERMISSION_DENIED": Outcome.AUTH,
    "NOT_FOUND": Outcome.AUTH,
    "ABORTED": Outcome.RETRY,
    "RESOURCE_EXHAUSTED": Outcome.RETRY,
    "UNAVAILABLE": Outcome.RETRY,
    # These three may come after the work was done.
    "INTERNAL": Outcome.AMBIGUOUS,
    "UNKNOWN": Outcome.AMBIGUOUS,
    "DEADLINE_EXCEEDED": Outcome.AMBIGUOUS,
}
HTTP_OF_CREDENTIAL = frozenset({401, 403, 404})

# Reasons of a 400 that speak of the account or the destination, not of an event (ErrorReason page, 2026-07).
DESTINATION_REASONS = frozenset(
    {
        "DESTINATION_ACCOUNT_NOT_ENABLED_ENHANCED_CONVERSIONS_FOR_LEADS",
        "DESTINATION_ACCOUNT_ENHANCED_CONVERSIONS_TERMS_NOT_SIGNED",
        "EU_POLITICAL_ADVERTISING_DECLARATION_REQUIRED",
        "EVENT_SOURCE_AND_DESTINATION_MISMATCH",
        "INVALID_CONVERSION_ACTION_ID",
        "INVALID_CONVERSION_ACTION_TYPE",
        "NOT_ALLOWLISTED",
    }
)

MINUTE_QUOTA_WAIT = timedelta(seconds=60)
DAY_QUOTA_WAIT = timedelta(hours=6)  # reset at an unknown hour: asked four times a day

DESTINATION = re.compile(r"\bdestinations\[")
EVENT_INDEX = re.compile(r"\bevents\[([0-9]{1,6})\]")
CONSENTS = {"granted": "CONSENT_GRANTED", "denied": "CONSENT_DENIED"}


class Google(Platform):
    slug = PlatformSlug.GOOGLE
    event_names = {}
    max_age = timedelta(days=90)  # the life of a gclid; the API's own window is unpublished
    batch_limit = 2000
    judges_later = True
    requests_per_minute = 240  # 300 per Cloud project, all customers together; the rest is left to diagnostics

    def has_signal(self, event: OutgoingEvent) -> bool:
        return bool(event.gclid or event.gbraid or event.wbraid or event.email_google or event.phone_e164)

    def render(self, event: OutgoingEvent, pixel: PixelConfig) -> Payload:
        action = _digits(chosen(pixel, "conversionActions", event))
        if not action:
            raise CannotExpress(Reason.NO_CONVERSION_ACTION)
        if not self.has_signal(event):
            raise CannotExpress(Reason.MISSING_GCLID)
        priced = price(event, required=event.event_type == "Purchase")
        return present(
            destinationReferences=[action],
            eventTimestamp=_rfc3339(event.occurred_at),
            transactionId=event.event_id,
            eventSource="WEB",
            conversionValue=priced.get("value"),
            currency=priced.get("currency"),
            adIdentifiers=present(gclid=event.gclid, gbraid=event.gbraid, wbraid=event.wbraid),
            userData=present(userIdentifiers=self._user_identifiers(event)),
            eventDeviceInfo=present(userAgent=event.user_agent, ipAddress=event.client_ip),
        )

    def _user_identifiers(self, event: OutgoingEvent) -> list[Payload]:
        """One fact an entry. Names need a postal address beside them, which we never have."""
        entries = (present(emailAddress=event.email_google), present(phoneNumber=event.phone_e164))
        return [entry for entry in entries if entry]

    def request(
        self, pixel: PixelConfig, credential: str, payloads: Sequence[Payload], *, test: bool = False
    ) -> PreparedRequest:
        # An event without a reference would go to every destination, so a reference is its action's id.
        # More than ten destinations are refused as a whole; the split then halves them.
        actions = dict.fromkeys(action for payload in payloads for action in payload["destinationReferences"])
        document = {
            "destinations": [self._destination(pixel, action) for action in actions],
            "encoding": "HEX",
            **present(consent=_consent(pixel)),
            "validateOnly": test,
            "events": list(payloads),
        }
        url = f"{pixel.api_url}/v1/events:ingest"
        return json_request(url, headers={"Authorization": f"Bearer {credential}"}, document=document)

    def _destination(self, pixel: PixelConfig, action: str) -> Payload:
        login = _digits(text(pixel.options.get("loginAccount")))
        return present(
            reference=action,
            operatingAccount={"accountType": "GOOGLE_ADS", "accountId": _digits(pixel.pixel_id)},
            loginAccount={"accountType": "GOOGLE_ADS", "accountId": login} if login else None,
            productDestinationId=action,
        )

    def judge(self, answer: HttpAnswer, body: Any, count: int) -> Sequence[Verdict]:
        match body:
            case {"error": {"status": str()} | {"code": int()}}:
                return self._error(answer, body["error"], count)
            case {"requestId": str(request_id)} if answer.status == 200 and request_id and "error" not in body:
                return [Verdict(outcome=Outcome.ACCEPTED, message=_warnings(body), trace_id=request_id)] * count
        if answer.status in HTTP_OF_CREDENTIAL:
            return [Verdict(outcome=Outcome.AUTH, code=f"http_{answer.status}")] * count
        return unrecognised(answer, count)

    def _error(self, answer: HttpAnswer, error: Payload, count: int) -> list[Verdict]:
        status = text(error.get("status"))
        infos, violations = _details(error, "ErrorInfo"), _violations(error)
        reasons = [text(item.get("reason")) for item in (*violations, *infos) if item.get("reason")]
        outcome = STATUSES.get(status) or (Outcome.AUTH if answer.status in HTTP_OF_CREDENTIAL else None)
        if outcome is None:
            return unrecognised(answer, count)
        if outcome == Outcome.REJECTED and _blames_destination(reasons, violations):
            outcome = Outcome.AUTH
        verdict = Verdict(
            outcome=outcome,
            code=reasons[0] if reasons else status,
            message="; ".join(map(_sentence, violations)) or text(error.get("message")),
            trace_id=next((text(info.get("requestId")) for info in _details(error, "RequestInfo")), ""),
            wait=longest(_quota_wait(infos) if status == "RESOURCE_EXHAUSTED" else None, answer.retry_after),
        )
        if outcome == Outcome.REJECTED:
            return refused(verdict, count, guilty=map(int, EVENT_INDEX.findall(" ".join(map(_field, violations)))))
        return [verdict] * count


def _details(error: Payload, kind: str) -> list[Payload]:
    return [item for item in _dicts(error.get("details")) if text(item.get("@type")).endswith(kind)]


def _violations(error: Payload) -> list[Payload]:
    return [item for detail in _details(error, "BadRequest") for item in _dicts(detail.get("fieldViolations"))]


def _dicts(value: Any) -> list[Payload]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _field(violation: Payload) -> str:
    return text(violation.get("field"))


def _sentence(violation: Payload) -> str:
    return f"{_field(violation)}: {text(violation.get('description'))}"


def _blames_destination(reasons: Sequence[str], violations: Sequence[Payload]) -> bool:
    """Is it the account or the conversion action, which all events share, and not an event?"""
    return any(reason in DESTINATION_REASONS for reason in reasons) or any(
        DESTINATION.search(_field(violation)) for violation in violations
    )


def _quota_wait(infos: Sequence[Payload]) -> timedelta:
    limits = [text(info["metadata"].get("quota_limit")) for info in infos if isinstance(info.get("metadata"), dict)]
    return DAY_QUOTA_WAIT if any("day" in limit.lower() for limit in limits) else MINUTE_QUOTA_WAIT


def _warnings(body: Payload) -> str:
    return "; ".join(map(_sentence, _dicts(body.get("fieldWarnings"))))


def _consent(pixel: PixelConfig) -> Payload:
    """What the site says, never more: an unknown word is left unset."""
    given = pixel.options.get("consent")
    if not isinstance(given, Mapping):
        return {}
    return present(**{key: CONSENTS.get(text(given.get(key)).lower()) for key in ("adUserData", "adPersonalization")})


def _digits(written: str) -> str:
    """The bare id of `123-456-7890` and of `customers/1/conversionActions/2`."""
    return written.rpartition("/")[2].replace("-", "").strip()


def _rfc3339(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
