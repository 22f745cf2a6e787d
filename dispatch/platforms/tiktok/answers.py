"""TikTok's answers: which codes mean what, and what to do about them.

Source: return codes, portal page 1737172488964097 (read in 2026-09). HTTP 401 stands for throttling as well as
for a bad token, so only these codes decide.
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
THROTTLED = frozenset({40016, 40100, 51021})
CREDENTIAL = frozenset({40001, 40007, 40101, 40102, 40103, 40104, 40105})
REFUSED = range(40000, 50000)
SERVER_SIDE = range(50000, 60000)

THROTTLED_WAIT = timedelta(seconds=60)

FIRST_BAD_EVENT = re.compile(r"\bBatch\.([0-9]{1,6})\b")

MEANINGS = {
    "40000": "TikTok found something wrong in the event. The answer below names it; mend it, then retry.",
    "40001": "The token may not use this pixel. Make it again under Events Manager, Settings, Events API.",
    "40002": "TikTok found something wrong in the event. The answer below names it; mend it, then retry.",
    "40007": "TikTok knows no such pixel. Compare the pixel ID with Events Manager.",
    "20001": "TikTok took a part of the batch and does not say which. It counts as sent.",
    **dict.fromkeys(["40016", "40100", "51021"], THROTTLED_WORDS),
    **dict.fromkeys(
        ["40101", "40102", "40103", "40104", "40105"],
        f"The access token is invalid, expired or was withdrawn. {NEW_TOKEN}",
    ),
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
        wait=longest(THROTTLED_WAIT if code in THROTTLED else None, answer.retry_after),
    )
    if outcome == Outcome.REJECTED:
        return refused(verdict, count, guilty=map(int, FIRST_BAD_EVENT.findall(message)))
    return [verdict] * count


def _meaning(answer: HttpAnswer, code: int) -> Outcome:
    if code in ACCEPTED:
        return Outcome.ACCEPTED if answer.status == 200 else Outcome.AMBIGUOUS
    if code in THROTTLED or code in SERVER_SIDE:
        return Outcome.RETRY
    if code in CREDENTIAL:
        return Outcome.AUTH
    return Outcome.REJECTED if code in REFUSED else Outcome.AMBIGUOUS
