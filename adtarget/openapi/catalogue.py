"""The catalogue of error codes and reasons: docs/errors.md and the page /api/docs/errors.

`python manage.py error_catalogue > docs/errors.md` writes the file anew.
"""

from collections.abc import Iterator
from typing import NamedTuple

from adtarget.core.errors import ApiError, ErrorCode
from conversions import left_out
from dispatch import reasons

#: What to do about each code.
ADVICE: dict[ErrorCode, str] = {
    ErrorCode.AUTH_REQUIRED: "Send the header `Authorization: Bearer atk_…`.",
    ErrorCode.INVALID_KEY: "Check the key: was all of it copied, and is it of this installation?",
    ErrorCode.REVOKED_KEY: "Make a new key in the dashboard.",
    ErrorCode.INVALID_PAYLOAD: "Correct the request; `details` names the fields. Repeating it unchanged fails again.",
    ErrorCode.SUBSCRIPTION_INACTIVE: "The owner resumes the site in the dashboard. Keep the event and repeat it then.",
    ErrorCode.CHANNEL_NOT_FOUND: "Take `channelId` from `GET /api/v1/channels`; it must be active and of the site.",
    ErrorCode.CONVERSION_NOT_FOUND: "Check the id; a key of one site sees that site only, a test key tests only.",
    ErrorCode.LEAD_NOT_FOUND: "The person is new: name `siteId` and `channelId` in `POST /events/conversion`.",
    ErrorCode.PERSON_ERASED: "Send nothing of this person until they join a channel again.",
    ErrorCode.SITE_NOT_FOUND: "Check `websiteId` in the page's snippet.",
    ErrorCode.DOMAIN_NOT_ALLOWED: "Add the page's domain to the site's allowed domains.",
    ErrorCode.NOT_FOUND: "Check the address and the id in it.",
    ErrorCode.METHOD_NOT_ALLOWED: "Use a method that the header `Allow` names.",
    ErrorCode.PAYLOAD_TOO_LARGE: "Send less at once.",
    ErrorCode.UNSUPPORTED_MEDIA_TYPE: "Send JSON in UTF-8, not compressed, as `application/json`.",
    ErrorCode.RATE_LIMITED: "Wait as long as `Retry-After` says, then repeat with the same `Idempotency-Key`.",
    ErrorCode.API_DISABLED: "Repeat later: whoever runs the installation has switched the API off.",
    ErrorCode.SERVICE_UNAVAILABLE: "Nothing was recorded. Repeat after `Retry-After` with the same `Idempotency-Key`.",
    ErrorCode.INTERNAL_ERROR: "Repeat with the same `Idempotency-Key`; report `X-Request-Id` where it stays.",
}


class Row(NamedTuple):
    code: str
    meaning: str
    advice: str
    status: int | None = None


def error_rows() -> Iterator[Row]:
    """One for each error code, by HTTP status."""
    known = {kind.code: kind for kind in ApiError.__subclasses__()}
    for code in sorted(ErrorCode, key=lambda code: known[code].status):
        yield Row(code.value, known[code].message, ADVICE[code], known[code].status)


def reason_rows() -> Iterator[Row]:
    """One for each reason of a send that was not sent."""
    for code in reasons.codes():
        words = reasons.words_of(code)
        yield Row(code, words.meaning, words.advice)


def warning_codes() -> list[str]:
    """Codes of values that were left out of an event."""
    return left_out.codes()


def markdown() -> str:
    """The text of docs/errors.md."""
    return "\n".join(
        [
            "# Error codes and reasons",
            "",
            "Written from the code by `python manage.py error_catalogue > docs/errors.md`; an installation shows it",
            "at `/api/docs/errors`, where `docUrl` of an error leads.",
            "",
            "## Errors",
            "",
            "| HTTP | code | meaning | what to do |",
            "|---|---|---|---|",
            *(f"| {row.status} | `{row.code}` | {row.meaning} | {row.advice} |" for row in error_rows()),
            "",
            "## Why a send was not sent",
            "",
            "| reason | meaning | what to do |",
            "|---|---|---|",
            *(f"| `{row.code}` | {row.meaning} | {row.advice} |" for row in reason_rows()),
            "",
            "## Values that were left out",
            "",
            "`warnings` of an answer name values that no platform could use. The event went on without them. Codes: "
            + ", ".join(f"`{code}`" for code in warning_codes())
            + ".",
            "",
        ]
    )
