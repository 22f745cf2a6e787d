"""Optional values of a request that no platform could use: left out, and named in the answer."""

from collections.abc import Mapping

from conversions.facts import ClearPii, LeftOut
from conversions.inheritance import FACTS
from dispatch.platforms import registry
from dispatch.platforms.base import ClickId

_CONTACTS = {
    "email": ("email", "pii.email", "invalid_email", "is no e-mail address"),
    "phone": ("phone_digits", "pii.phone", "invalid_phone", "is no phone number with its country code"),
    "first_name": ("first_name", "pii.firstName", "invalid_name", "holds no letters"),
    "last_name": ("last_name", "pii.lastName", "invalid_name", "holds no letters"),
}
_INVALID_CONSENT = "invalid_consent"


def usable_signals(signals: Mapping[str, str]) -> tuple[dict[str, str], list[LeftOut]]:
    """The signals that can be sent, and the others by what is wrong with them: one bad key must not lose an event."""
    bad = [
        known for known in registry.click_ids() if known.field in signals and not known.is_sound(signals[known.field])
    ]
    fields = {known.field for known in bad}
    usable = {name: value for name, value in signals.items() if name not in fields}
    return usable, [_of_signal(known) for known in bad]


def unusable_contacts(clear: ClearPii, hashes: Mapping[str, str]) -> list[LeftOut]:
    """The contacts that were given and of which no hash could be made."""
    left_out = []
    for name, (rule, path, code, problem) in _CONTACTS.items():
        alike = next(fact for fact in FACTS if rule in fact)
        if getattr(clear, name).strip() and not hashes.keys() & set(alike):
            left_out.append(LeftOut(path, code, _sentence(path, problem)))
    return left_out


def codes() -> list[str]:
    """Every code that a warning of an answer may have."""
    of_signals = [_code(known) for known in registry.click_ids()]
    return list(dict.fromkeys([*(code for _, _, code, _ in _CONTACTS.values()), _INVALID_CONSENT, *of_signals]))


def unreadable_consent(name: str) -> LeftOut:
    """A consent string that could not be decoded."""
    return LeftOut(f"consent.{name}", _INVALID_CONSENT, _sentence(f"consent.{name}", "cannot be decoded"))


def _of_signal(known: ClickId) -> LeftOut:
    path = known.api_name
    return LeftOut(path, _code(known), _sentence(path, f"has not the form of a {known.name}"))


def _code(known: ClickId) -> str:
    return f"invalid_{known.field}"


def _sentence(field: str, problem: str) -> str:
    return f"{field} was left out: it {problem}."
