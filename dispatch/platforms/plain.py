"""A base for platforms with one token, without a list of currencies and without later reports."""

from collections.abc import Sequence
from typing import Any, ClassVar

from adtarget.core.http_messages import HttpAnswer, PreparedRequest
from dispatch.choices import Outcome, Reason
from dispatch.platforms.base import ANY_PIXEL_ID, Platform
from dispatch.platforms.building import text
from dispatch.platforms.facts import CannotExpress, OutgoingEvent, Payload, PixelConfig
from dispatch.platforms.reading import Verdict, not_their_words, refused
from dispatch.platforms.words import NEW_TOKEN, THEIR_TROUBLE, THROTTLED


class PlainPlatform(Platform):
    pixel_id_form = ANY_PIXEL_ID
    demo_pixel: ClassVar[dict[str, Any]] = {}
    currencies = None
    requests_per_minute = None
    match_weights: ClassVar[dict[str, int]] = {}  # the vendor says nothing of how it matches: unknown
    reasons: ClassVar[dict[str, Any]] = {}
    credential_kinds = ()
    consents = ()
    exchange = None
    later = None

    def takes_tests(self, pixel: PixelConfig) -> bool:
        return bool(pixel.options.get("testPixel"))

    def express(self, event: OutgoingEvent, pixel: PixelConfig) -> Payload:
        if not self.has_signal(event):
            raise CannotExpress(Reason.MISSING_IDENTIFIER)
        return self.payload(event, pixel)

    def payload(self, event: OutgoingEvent, pixel: PixelConfig) -> Payload:
        """The event, which has a signal, in the platform's words."""
        raise NotImplementedError

    def request(
        self, pixel: PixelConfig, credential: str, payloads: Sequence[Payload], *, test: bool = False
    ) -> PreparedRequest:
        raise NotImplementedError


def plain_meanings(name: str, where: str) -> dict[str, str]:
    """What the HTTP statuses of such a platform mean; `where` its pixels and tokens are found."""
    return {
        "http_400": f"{name} found something wrong in the event. Its answer names it; correct it, then retry.",
        "http_401": f"The access token is invalid or expired. {NEW_TOKEN}",
        "http_403": f"The token may not write to this pixel. Compare both with {where}.",
        "http_404": f"{name} knows no such pixel. Compare its id with {where}.",
        "http_422": f"{name} found something wrong in the event. Its answer names it; correct it, then retry.",
        "http_429": THROTTLED,
        "http_500": THEIR_TROUBLE,
    }


def judged_by_status(
    answer: HttpAnswer, body: Any, count: int, *, message: str, guilty: Sequence[int] = ()
) -> list[Verdict]:
    """Verdicts for an answer that proves no success: 401, 403 and 404 are about the account, other 4xx about events."""
    if not isinstance(body, dict) or answer.status in (408, 425, 429) or answer.status >= 500:
        return not_their_words(answer, count)
    code = f"http_{answer.status}"
    if answer.status in (401, 403, 404):
        return [Verdict(outcome=Outcome.AUTH, code=code, message=message)] * count
    if 400 <= answer.status < 500:
        return refused(Verdict(outcome=Outcome.REJECTED, code=code, message=message), count, guilty=guilty)
    return [Verdict(outcome=Outcome.AMBIGUOUS, code=code, message="The answer says nothing we know.")] * count


def first_text(*values: Any) -> str:
    """The first of the values that is text or a number."""
    return next(filter(None, map(text, values)), "")
