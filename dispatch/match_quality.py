"""How well a platform can find the person behind an event, judged by the keys it gets.

No platform publishes weights. Meta scores "which customer information parameters are received", their quality and
the share that matched (developers.facebook.com/docs/marketing-api/reference/ads-pixel-capiemq, read in 2026-11); the
last needs its own data. Each platform's `match_weights` are hundredths, in the order of the platforms' own advice:
what names one click or one person surely (click id, e-mail, phone) before what only narrows down (browser id, address
with user agent, names). Where not even that is known of a platform its weights are empty, and the quality unknown.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from dispatch.platforms.facts import OutgoingEvent
from dispatch.platforms.registry import PLATFORMS, click_ids

#: Fields of an OutgoingEvent by what people call them: all of a group of the first must be there.
SHARED_KEYS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "e-mail": (("email",), ("email_google",)),
    "phone": (("phone_digits",), ("phone_e164",)),
    "names": (("first_name", "last_name"),),
    "external id": (("external_id",), ("person_id",)),
    "IP address and user agent": (("client_ip", "user_agent"),),
}


#: How the API names those keys; a platform's own ids go by their field.
_CODES = {
    "e-mail": "email",
    "phone": "phone",
    "names": "names",
    "external id": "externalId",
    "IP address and user agent": "clientIpAndUserAgent",
}


@dataclass(frozen=True, slots=True)
class MatchQuality:
    """`score` of 100; the keys that are there, and what each missing one would add of ten, the most first."""

    score: int
    present: tuple[str, ...]
    missing: tuple[tuple[str, str], ...]

    @property
    def is_known(self) -> bool:
        """Whether anything is known of how the platform matches people."""
        return bool(self.present or self.missing)

    @property
    def out_of_ten(self) -> str:
        return f"{self.score / 10:.1f}"

    @property
    def tone(self) -> str:
        return "good" if self.score >= 60 else "warn" if self.score >= 30 else "bad"


def match_quality(event: OutgoingEvent, platform: str) -> MatchQuality:
    """Of one event, whatever became of it."""
    weights = PLATFORMS[platform].match_weights
    present = tuple(key for key in weights if _has(event, key))
    return MatchQuality(sum(weights[key] for key in present), present, _missing(weights, present))


def code_of(key: str) -> str:
    """The key as the API names it, such as `email` or `fbc`."""
    return _CODES.get(key) or next(click_id.field for click_id in click_ids() if click_id.name == key)


def average(events: Iterable[OutgoingEvent], platform: str) -> MatchQuality | None:
    """Of many: a key counts as present where at least half have it; None without events."""
    qualities = [match_quality(event, platform) for event in events]
    if not qualities or not PLATFORMS[platform].match_weights:
        return None
    weights = PLATFORMS[platform].match_weights
    held = {key: sum(key in quality.present for quality in qualities) for key in weights}
    present = tuple(key for key, count in held.items() if 2 * count >= len(qualities))
    score = round(sum(quality.score for quality in qualities) / len(qualities))
    return MatchQuality(score, present, _missing(weights, present))


def coverage(events: Sequence[OutgoingEvent], platform: str) -> list[tuple[str, str, int]]:
    """Each key with what it adds of ten and how many of the events have it, the heaviest first."""
    weights = sorted(PLATFORMS[platform].match_weights.items(), key=lambda item: -item[1])
    return [(key, f"{weight / 10:.1f}", sum(_has(event, key) for event in events)) for key, weight in weights]


def _has(event: OutgoingEvent, key: str) -> bool:
    groups = SHARED_KEYS.get(key) or [(click_id.field,) for click_id in click_ids() if click_id.name == key]
    return any(all(event.signal(field) for field in group) for group in groups)


def _missing(weights: Mapping[str, int], present: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    missing = sorted((key for key in weights if key not in present), key=lambda key: -weights[key])
    return tuple((key, f"{weights[key] / 10:.1f}") for key in missing)
