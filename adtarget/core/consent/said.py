"""The decoded consent of a visitor: how it is read from a request and how it is stored."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from adtarget.core.consent import gpp, tcf

#: The visitor's answers that decide, by the names that the API uses.
QUESTIONS = ("ads", "userData", "personalization")
RAW_STRINGS = ("tcf", "gpp")
LONGEST_STRING = 2048
_MODE = {"ads": "ad_storage", "userData": "ad_user_data", "personalization": "ad_personalization"}
MODE_NAMES = tuple(_MODE.values())
_MODE_WORDS = {"granted": True, "denied": False}

Answer = tuple[str, bool, str]  # what was asked, the answer, and the sentence that says so


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """What one visitor said; None where nothing was. `limited` is an opt-out under a US state law.

    `google` is the TCF consent for Google as a vendor. `why` holds the deciding sentence of each answer, `raw` what
    came in, `at` when, in Unix milliseconds.
    """

    ads: bool | None = None
    user_data: bool | None = None
    personalization: bool | None = None
    limited: bool | None = None
    google: bool | None = None
    why: Mapping[str, str] = field(default_factory=dict)
    raw: Mapping[str, Any] = field(default_factory=dict)
    at: int = 0

    def as_json(self) -> dict[str, Any]:
        """As it is kept; what was not said is left out."""
        known = {name: answer for name, answer in self.answers().items() if answer is not None}
        return {**known, "why": dict(self.why), "raw": dict(self.raw), "at": self.at} if self.raw else {}

    def answers(self) -> dict[str, bool | None]:
        """The answers alone, by the names that are kept."""
        return {name: getattr(self, attribute) for name, attribute in _ATTRIBUTES.items()}

    @classmethod
    def of_json(cls, kept: Mapping[str, Any]) -> "Said":
        """The reverse of `as_json`; of anything unknown, nothing was said."""
        answers = {attribute: kept.get(name) for name, attribute in _ATTRIBUTES.items()}
        return cls(
            **{attribute: answer for attribute, answer in answers.items() if isinstance(answer, bool)},
            why=kept.get("why") or {},
            raw=kept.get("raw") or {},
            at=kept.get("at") or 0,
        )


_ATTRIBUTES = {
    "ads": "ads",
    "userData": "user_data",
    "personalization": "personalization",
    "limited": "limited",
    "google": "google",
}


def read_said(given: Mapping[str, Any], *, at: int) -> tuple[Said, list[str]]:
    """The decoded answers, and the names of strings that could not be decoded."""
    names = (*QUESTIONS, *RAW_STRINGS, "gdprApplies", "consentMode")
    raw = {name: value for name in names if (value := given.get(name)) not in (None, "", {})}
    answers: list[Answer] = [*_own(raw), *_mode(raw.get("consentMode", {}))]
    unreadable = []
    for name, decode in (("tcf", _tcf), ("gpp", _gpp)):
        if name not in raw:
            continue
        try:
            answers += decode(raw[name]) if raw.get("gdprApplies") is not False or name == "gpp" else []
        except ValueError:
            unreadable.append(name)
            del raw[name]
    return _combined(answers, raw=raw, at=at), unreadable


def newest(*kept: Mapping[str, Any]) -> Said:
    """The latest of several kept answers."""
    said = [Said.of_json(one) for one in kept if one]
    return max(said, key=lambda one: one.at, default=Said())


def _combined(answers: Iterable[Answer], *, raw: Mapping[str, Any], at: int) -> Said:
    """Of several answers to one question a no wins."""
    final: dict[str, bool] = {}
    why: dict[str, str] = {}
    for name, answer, sentence in answers:
        # `limited` is an opt-out: there the yes is the refusal.
        is_refusal = answer if name == "limited" else not answer
        if name not in final or is_refusal:
            final[name], why[name] = answer, sentence
    return Said(**{_ATTRIBUTES[name]: answer for name, answer in final.items()}, why=why, raw=raw, at=at)


def _own(raw: Mapping[str, Any]) -> Iterator[Answer]:
    for name in QUESTIONS:
        if isinstance(raw.get(name), bool):
            yield name, raw[name], f"The visitor said {_yes(raw[name])} to {name} (adtarget.consent)."


def _mode(mode: Mapping[str, Any]) -> Iterator[Answer]:
    for name, theirs in _MODE.items():
        answer = _MODE_WORDS.get(str(mode.get(theirs, "")))
        if answer is not None:
            yield name, answer, f"{theirs} is {mode[theirs]} (Google Consent Mode)."


def _tcf(text: str) -> list[Answer]:
    purposes = tcf.decode(text)
    user_data = purposes.storage and purposes.measuring
    answers = [
        ("ads", purposes.storage, "to purpose 1, storage (TCF)."),
        ("userData", user_data, "to purposes 1 and 7, storage and measuring ads (TCF)."),
        ("personalization", purposes.profiles, "to purposes 3 and 4, personalised ads (TCF)."),
        ("google", purposes.google, "to Google as a vendor (TCF, vendor 755)."),
    ]
    return [(name, is_yes, f"{_yes(is_yes).capitalize()} {to_what}") for name, is_yes, to_what in answers]


def _gpp(text: str) -> list[Answer]:
    sections = gpp.decode(text)
    answers = _tcf(sections.tcf) if sections.tcf else []
    if sections.opted_out is not None:
        words = "opted out of" if sections.opted_out else "did not opt out of"
        answers.append(("limited", sections.opted_out, f"The visitor {words} sale, sharing or targeted ads (GPP)."))
    return answers


def _yes(answer: bool) -> str:
    return "yes" if answer else "no"
