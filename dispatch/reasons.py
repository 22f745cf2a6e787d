"""The table of reasons for skipped and failed sends: meaning and advice, for API docs, admin and dashboard."""

from collections.abc import Mapping

from dispatch.choices import Reason
from dispatch.platforms.registry import PLATFORMS
from dispatch.platforms.words import ReasonWords

#: Meaning and advice of each reason of our own; its label stands in `dispatch.choices.Reason`.
_OURS: Mapping[Reason, tuple[str, str]] = {
    Reason.REJECTED: ("The platform refused it for good.", "Read its answer, correct the cause, then retry."),
    Reason.EXPIRED: ("It grew too old for the platform, or too old to be repeated safely.", "It cannot be sent."),
    Reason.EXHAUSTED: ("Every retry of two days failed.", "Retry once the platform works again."),
    Reason.POISON: (
        "It stopped three workers in a row, could not be rendered, or its row cannot be read.",
        "Report its id to your administrator; retry after an update.",
    ),
    Reason.CANCELLED: ("It was cancelled here.", "Retry to send it after all."),
    Reason.EVENT_TOO_OLD: (
        "It was too old for this platform when it came in.",
        "Send events, or enter their values, sooner after they happen.",
    ),
    Reason.MISSING_USER_AGENT: (
        "The platform requires the visitor's user agent.",
        "Send userAgent or X-Adtarget-Client-User-Agent with the event and repeat it.",
    ),
    Reason.MISSING_IDENTIFIER: (
        "There is nothing to match a person by.",
        "Send an e-mail, a phone number, an external id or the click id, and repeat the event.",
    ),
    Reason.MISSING_GCLID: (
        "There is no Google click id, e-mail or phone.",
        "Pass on gclid from the ad's link, or send an e-mail or phone number, and repeat the event.",
    ),
    Reason.MISSING_VALUE: ("A purchase needs value and currency.", "Repeat the event with both."),
    Reason.CURRENCY_UNSUPPORTED: (
        "The platform does not know this currency.",
        "Send the value in a currency the platform knows, such as USD or EUR.",
    ),
    Reason.NO_EVENT_NAME: (
        "No event name is set up for this type.",
        "Add it to the pixel's option eventNames, then retry.",
    ),
    Reason.NO_CONVERSION_ACTION: (
        "No conversion action is set up for this type.",
        "Add it to the pixel's option conversionActions, then retry.",
    ),
    Reason.CONSENT_DENIED: (
        "The person did not consent.",
        "Nothing to do: after a later yes of the person it can be replayed.",
    ),
    Reason.TEST_MODE: (
        "A test event, and its pixel takes no tests.",
        "Nothing to do: only a pixel that takes tests gets such events.",
    ),
    Reason.PIXEL_REMOVED: ("Its pixel is switched off.", "Switch it on, then retry."),
    Reason.ERASED: ("The person was erased.", "It cannot be sent."),
    Reason.RESTORED: (
        "It was open in a backup that was restored over two days later, so the platform may have counted it already.",
        "Retry it if the platform does not show it.",
    ),
}


def words_of(reason: str) -> ReasonWords:
    """Label, meaning and advice of a reason; a general sentence for one that nothing here knows."""
    if reason in Reason.values and Reason(reason) in _OURS:
        meaning, advice = _OURS[Reason(reason)]
        return ReasonWords(label=Reason(reason).label, meaning=meaning, advice=advice)
    for platform in PLATFORMS.values():
        if reason in platform.reasons:
            return platform.reasons[reason]
    label = Reason(reason).label if reason in Reason.values else reason
    return ReasonWords(label=label, meaning=f"It ended with the reason {reason}.", advice="Read the attempts below.")


def codes() -> list[str]:
    """Every known reason, the platforms' own after ours."""
    own = (reason for platform in PLATFORMS.values() for reason in platform.reasons)
    return list(dict.fromkeys([*Reason.values, *own]))


def choices() -> list[tuple[str, str]]:
    """Reasons and labels, for filters and the API document."""
    return [(code, words_of(code).label) for code in codes()]
