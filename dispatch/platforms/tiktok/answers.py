"""TikTok's answers: which codes mean what, and what to do about them.

Source: return codes, portal page 1737172488964097 (read in 2026-09), and the table in TikTok's Business API SDK
(2026-11). HTTP 401 stands for throttling as well as for a bad token, so only these codes decide.
"""

import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from adtarget.core.http_messages import HttpAnswer
from dispatch.choices import Outcome
from dispatch.platforms.building import text
from dispatch.platforms.facts import Payload
from dispatch.platforms.reading import Verdict, longest, not_their_words, refused
from dispatch.platforms.words import NEW_TOKEN, THEIR_TROUBLE
from dispatch.platforms.words import THROTTLED as THROTTLED_WORDS

ACCEPTED = frozenset({0, 20001})  # 20001: partial success, which names no event
DUPLICATED = 40050  # the request was made before: accepted, where it is a repeated attempt
#: Too many requests, in four ways: per app, per advertiser, a write conflict, and in general.
THROTTLED = frozenset({40016, 40100, 40132, 40202, 51021, 61000})
MAINTENANCE = 60001
#: About the token, the advertiser's account or its rights, never about an event.
CREDENTIAL = frozenset(
    {
        *(40001, 40003, 40007, 40101, 40102, 40103, 40104, 40105, 40106, 40110, 40113, 40114, 40117, 40118),
        *(40124, 40125, 40130, 40131, 40300, 40301, 40309, 41000),
    }
)
#: The version or the address that is asked is gone: every event would fail until AdTarget is updated.
RETIRED = frozenset({40006, 40051, 40400, 41001})
REFUSED = range(40000, 50000)
SERVER_SIDE = range(50000, 60000)

THROTTLED_WAIT = timedelta(seconds=60)
MAINTENANCE_WAIT = timedelta(minutes=10)

FIRST_BAD_EVENT = re.compile(r"\bBatch\.([0-9]{1,6})\b")

MEANINGS = {
    "40000": "TikTok found something wrong in the event. The answer below names it; correct it, then retry.",
    "40002": "TikTok found something wrong in the event. The answer below names it; correct it, then retry.",
    "20001": "TikTok took a part of the batch and does not say which. It counts as sent.",
    **dict.fromkeys(
        map(str, CREDENTIAL),
        "TikTok refuses the token, the account or its rights; its own words say which. Correct that in Events Manager, "
        "or enter a new access token, and resume the pixel: its sends wait.",
    ),
    **dict.fromkeys(
        map(str, RETIRED),
        "TikTok no longer offers this version of its API. Update AdTarget, then resume the pixel: its sends wait.",
    ),
    "40001": "The token may not use this pixel. Make it again under Events Manager, Settings, Events API.",
    "40007": "TikTok knows no such pixel. Compare the pixel ID with Events Manager.",
    **dict.fromkeys(
        ["40101", "40102", "40103", "40104", "40105"],
        f"The access token is invalid, expired or was withdrawn. {NEW_TOKEN}",
    ),
    "40050": "TikTok says it has this request already. It is tried once more under the same id, then taken as sent.",
    "60001": "TikTok is under maintenance. Nothing to do: it is tried again by itself.",
    **dict.fromkeys(map(str, THROTTLED), THROTTLED_WORDS),
    **dict.fromkeys(["50000", "50002"], THEIR_TROUBLE),
}


def judge(answer: HttpAnswer, body: Any, count: int) -> Sequence[Verdict]:
    match body:
        case {"code": int(code)} if not isinstance(code, bool):
            return _coded(answer, code, body, count)
    return not_their_words(answer, count)


def _coded(answer: HttpAnswer, code: int, body: Payload, count: int) -> list[Verdict]:
    message = text(body.get("message"))
    outcome = _meaning(answer, code)
    verdict = Verdict(
        outcome=outcome,
        code=str(code),
        message="" if code == 0 else message,
        trace_id=text(body.get("request_id")),
        wait=longest(_wait(code), answer.retry_after),
        is_duplicate=code == DUPLICATED,
    )
    if outcome == Outcome.REJECTED:
        return refused(verdict, count, guilty=map(int, FIRST_BAD_EVENT.findall(message)))
    return [verdict] * count


def _wait(code: int) -> timedelta | None:
    if code in THROTTLED:
        return THROTTLED_WAIT
    return MAINTENANCE_WAIT if code == MAINTENANCE else None


def _meaning(answer: HttpAnswer, code: int) -> Outcome:
    if code in ACCEPTED:
        return Outcome.ACCEPTED if answer.status == 200 else Outcome.AMBIGUOUS
    if code in THROTTLED or code in SERVER_SIDE or code == MAINTENANCE:
        return Outcome.RETRY
    if code in CREDENTIAL or code in RETIRED:
        return Outcome.AUTH
    if code == DUPLICATED:
        return Outcome.AMBIGUOUS
    return Outcome.REJECTED if code in REFUSED else Outcome.AMBIGUOUS
