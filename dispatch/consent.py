"""Whether one platform may get an event, and how, by what the person agreed to. Decided when the event is sent.

The site's policy comes first: `not_asked` sends everything, `required` nothing without a yes, `as_told` by what was
said. A no to ads stops every platform. A no to user data stops a platform that asks that very question (Google); the
others get the event without contacts and with limited data use. docs/consent.md has the table.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from adtarget.core.consent import Said, newest
from conversions.models import Conversion
from dispatch.platforms.facts import OutgoingEvent
from leads.choices import ConsentPolicy

USER_DATA = "adUserData"
NOTHING_SAID = "The site requires consent, and nothing was said."
_CONTACTS = ("email", "email_google", "phone_digits", "phone_e164", "first_name", "last_name")


class ConsentDenied(Exception):
    """The platform must not get the event: skipped. `sentence` says what decided."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


def effective_consent(conversion: Conversion) -> Said:
    """The latest answer that is known of the person; reads `visit` of the row."""
    return newest(conversion.consent, conversion.visit.consent if conversion.visit else {})


def permitted(event: OutgoingEvent, conversion: Conversion, *, questions: Sequence[str]) -> OutgoingEvent:
    """The event as the platform may have it, with the answers to `questions`. Raises ConsentDenied."""
    policy = conversion.site.consent_policy
    if policy == ConsentPolicy.NOT_ASKED:
        return event
    said = effective_consent(conversion)
    if sentence := _refusal(said, asks_for_user_data=USER_DATA in questions):
        raise ConsentDenied(sentence)
    if policy == ConsentPolicy.REQUIRED and said.ads is None:
        raise ConsentDenied(NOTHING_SAID)
    return _reduced(event, said)


def _refusal(said: Said, *, asks_for_user_data: bool) -> str:
    """The sentence that forbids it; '' where nothing does."""
    if said.ads is False:
        return said.why["ads"]
    if asks_for_user_data:
        return next((said.why[name] for name in ("userData", "google") if said.answers()[name] is False), "")
    return ""


def _reduced(event: OutgoingEvent, said: Said) -> OutgoingEvent:
    refused = said.user_data is False
    contacts: dict[str, Any] = dict.fromkeys((*_CONTACTS, "telegram_user_id"), "") if refused else {}
    may_personalise = False if said.limited else said.personalization
    return replace(
        event,
        limited_data_use=refused or may_personalise is False,
        ad_user_data=said.user_data,
        ad_personalization=may_personalise,
        **contacts,
    )
