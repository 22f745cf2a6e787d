"""Meta's answers: which codes mean what, and what to do about them.

Source: Graph API "Handle errors" and the Conversions API's support pages (read in 2026-09).
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from adtarget.core.http_messages import HttpAnswer
from dispatch.choices import Outcome
from dispatch.platforms.building import text
from dispatch.platforms.facts import Payload
from dispatch.platforms.reading import Verdict, longest, not_their_words, refused, unrecognised
from dispatch.platforms.words import NEW_TOKEN, THEIR_TROUBLE
from dispatch.platforms.words import THROTTLED as THROTTLED_WORDS

TRANSIENT = frozenset({1, 2, 5000, 21009})
THROTTLED = frozenset({4, 17, 32, 341, 613, *range(80000, 80015)})
BLOCKED_FOR_A_WHILE = 368
CREDENTIAL = frozenset({3, 10, 102, 104, 190, 803, *range(200, 300)})
RETIRED = 2635  # the version of the Graph API is no longer served
PROOF = "appsecret_proof"  # in the message of a 100 where the app requires one, or the one sent is wrong
NO_TOKEN_GIVEN = 2500  # about the credential only where the error is of OAuth's kind
UNKNOWN_PIXEL = (100, 33)
INVALID = frozenset({100, 105})

THROTTLED_WAIT = timedelta(seconds=60)
BLOCKED_WAIT = timedelta(hours=1)

MEANINGS = {
    "190": f"The access token is invalid, expired or was withdrawn. {NEW_TOKEN}",
    "190/460": f"The owner of the token changed their password. {NEW_TOKEN}",
    "190/463": f"The access token has expired. {NEW_TOKEN}",
    "102": f"The token's session has ended. {NEW_TOKEN}",
    "10": "The token may not write to this pixel. Give its system user access in Business settings.",
    "200": "The token may not write to this pixel. Give its system user access in Business settings.",
    "100/33": "There is no such pixel, or the token may not see it. Compare the pixel ID with Events Manager.",
    "100/appsecret_proof": (
        "The token's app requires a proof of its secret, or the secret is wrong. Enter the token and the app secret "
        "at the pixel as JSON, or switch off “Require App Secret” in the app's settings: its sends wait."
    ),
    "104": f"Meta got no valid token. {NEW_TOKEN}",
    "803": "Meta knows no such pixel, or its id is written wrong. Compare the pixel ID with Events Manager.",
    "2635": "Meta no longer serves this version of its API. Change the pixel's option apiVersion, then resume it.",
    "100/2804001": "Meta found a malformed field. The answer below names it; correct it at its source, then retry.",
    "100/2804003": "Meta takes events of the last seven days only; this one is too old.",
    "100": "Meta found something wrong in the event. The answer below names it; correct it, then retry.",
    "105": "Meta found too many fields in the event. Report this to the developers of AdTarget.",
    "368": "Meta blocked the account for a while by its policies. See Account quality in Business settings.",
    "wrong_count": "Meta accepted another number of events than were sent. All are sent again with the same ids.",
    **dict.fromkeys(["4", "17", "32", "341", "613"], THROTTLED_WORDS),
    **dict.fromkeys(map(str, range(80000, 80015)), THROTTLED_WORDS),
    **dict.fromkeys(["1", "2", "5000", "21009"], THEIR_TROUBLE),
}


def judge(answer: HttpAnswer, body: Any, count: int) -> Sequence[Verdict]:
    match body:
        case {"error": {"code": int(code)}} if not isinstance(code, bool):
            return _error(answer, code, body["error"], count)
        case {"events_received": int()} if answer.status == 200 and "error" not in body:
            return [_received(body, count)] * count
        case dict():
            return unrecognised(answer, count)
    return not_their_words(answer, count)


def _received(body: Payload, count: int) -> Verdict:
    received, trace_id = body["events_received"], text(body.get("fbtrace_id"))
    if isinstance(received, bool) or received != count:
        message = f"Meta received {received} of {count} events."
        return Verdict(outcome=Outcome.AMBIGUOUS, code="wrong_count", message=message, trace_id=trace_id)
    warnings = body.get("messages")
    message = "; ".join(map(text, warnings)) if isinstance(warnings, list) else ""
    return Verdict(outcome=Outcome.ACCEPTED, message=message, trace_id=trace_id)


def _error(answer: HttpAnswer, code: int, error: Payload, count: int) -> list[Verdict]:
    subcode = error.get("error_subcode")
    outcome, wait = _meaning(answer, code, error)
    verdict = Verdict(
        outcome=outcome,
        code=f"{code}/{PROOF}" if _is_about_proof(code, error) else f"{code}/{subcode}" if text(subcode) else str(code),
        message=": ".join(filter(None, (text(error.get("message")), text(error.get("error_user_msg"))))),
        trace_id=text(error.get("fbtrace_id")),
        wait=longest(wait, answer.retry_after) if outcome == Outcome.RETRY else None,
    )
    return refused(verdict, count) if outcome == Outcome.REJECTED else [verdict] * count


def _is_about_proof(code: int, error: Payload) -> bool:
    """Whether the app secret is missing or wrong, which concerns every event of the pixel."""
    return code == 100 and PROOF in text(error.get("message")).lower()


def _meaning(answer: HttpAnswer, code: int, error: Payload) -> tuple[Outcome, timedelta | None]:
    if code in THROTTLED:
        return Outcome.RETRY, THROTTLED_WAIT
    if code == BLOCKED_FOR_A_WHILE:
        return Outcome.RETRY, BLOCKED_WAIT
    if error.get("is_transient") is True or code in TRANSIENT:
        return Outcome.RETRY, None
    if code in CREDENTIAL or code == RETIRED or (code, error.get("error_subcode")) == UNKNOWN_PIXEL:
        return Outcome.AUTH, None
    if _is_about_proof(code, error):
        return Outcome.AUTH, None
    if code == NO_TOKEN_GIVEN and "oauth" in f"{error.get('type')} {error.get('message')}".lower():
        return Outcome.AUTH, None
    if code in INVALID:
        return Outcome.REJECTED, None
    if answer.status in (408, 425, 429) or answer.status >= 500:
        return Outcome.RETRY, None
    return (Outcome.REJECTED if answer.status >= 400 else Outcome.AMBIGUOUS), None
