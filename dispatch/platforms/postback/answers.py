"""Answers to postbacks: no network has codes that others share, so the HTTP status decides (docs/postbacks.md)."""

from adtarget.core.http_messages import HttpAnswer
from dispatch.choices import Outcome
from dispatch.platforms.reading import Verdict, http_failure, unrecognised

#: About the whole address, not one event: the pixel pauses and its events wait.
REFUSED = frozenset({401, 403, 407, 410})
NO_SUCCESS = "no_success"
_SHOWN = 200  # characters of an answer in a message

_RESUME = "Correct the postback and save it: what waits goes out."
MEANINGS = {
    "http_401": f"The address asks for a key or password it did not get. {_RESUME}",
    "http_403": f"The address refuses us: its key is wrong, or our IP address is not allowed there. {_RESUME}",
    "http_407": f"The address asks for a proxy's password. {_RESUME}",
    "http_410": f"The address says that it is gone for good. {_RESUME}",
    "redirect": f"The address leads on to another one, which is not followed. Enter that one. {_RESUME}",
    "http_404": "The address does not know this click id, or does not exist. Try it in a browser; then send again.",
    "http_400": "The network found something wrong in the event, such as an unknown click id. Read its answer.",
    "http_422": "The network found something wrong in the event, such as an unknown click id. Read its answer.",
    NO_SUCCESS: "The answer does not contain the text that a good one has. It is tried again by itself.",
}


def verdict(answer: HttpAnswer, success: str) -> Verdict:
    """What the answer means; `success` is a text that a good one contains."""
    if failure := http_failure(answer):
        return failure
    text = answer.body.decode("utf-8", "replace")
    shown = text[:_SHOWN].strip()
    if 200 <= answer.status < 300:
        if success.lower() in text.lower():
            return Verdict(outcome=Outcome.ACCEPTED)
        return Verdict(outcome=Outcome.AMBIGUOUS, code=NO_SUCCESS, message=shown, wait=answer.retry_after)
    if 300 <= answer.status < 400:
        return Verdict(outcome=Outcome.AUTH, code="redirect", message=f"HTTP {answer.status}")
    if answer.status in REFUSED:
        return Verdict(outcome=Outcome.AUTH, code=f"http_{answer.status}", message=shown)
    (found,) = unrecognised(answer, 1)
    return found
