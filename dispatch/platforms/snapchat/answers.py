"""Snapchat's answers: it has no error codes, so the HTTP status decides (measured in 2026-08)."""

from collections.abc import Sequence
from typing import Any

from adtarget.core.http_messages import HttpAnswer
from dispatch.choices import Outcome
from dispatch.platforms.building import text
from dispatch.platforms.facts import Payload
from dispatch.platforms.reading import Verdict, not_their_words, refused, unrecognised
from dispatch.platforms.words import NEW_TOKEN

CREDENTIAL = frozenset({401, 403, 404})  # 404: no such pixel

MEANINGS = {
    "http_401": f"The access token is invalid or expired. {NEW_TOKEN}",
    "http_403": "The token may not write to this pixel. Make one in the Ads Manager that owns it.",
    "http_404": "Snapchat knows no such pixel. Compare the pixel ID with Events Manager.",
    "INVALID": "Snapchat found something wrong in the event. The answer below names it; correct it, then retry.",
}


def judge(answer: HttpAnswer, body: Any, count: int) -> Sequence[Verdict]:
    if not isinstance(body, dict):
        return not_their_words(answer, count)
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
