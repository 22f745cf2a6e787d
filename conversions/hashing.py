"""Normalises and hashes personal data: one pure function per rule, none per vendor.

A rule answers with the normalised text, or '' where there is nothing usable.
Text that already is a SHA-256 passes through every rule, because a caller may
hash before sending. The vendors' own examples, with their addresses, are in
tests/vectors/normalisation_vectors.json.
"""

import hashlib
import re
import unicodedata
from collections.abc import Callable
from functools import wraps

import phonenumbers
from phonenumbers import PhoneNumberFormat

#: A SHA-256, perhaps with what Meta's parameter builder writes behind it: a dot and 2 or 8 characters.
_SHA256 = re.compile(r"([0-9a-f]{64})(?:\.(?:[a-z0-9_-]{2}|[a-z0-9_-]{8}))?", re.ASCII)
_WORD = r"[^@\s.,;:<>()\[\]\\\"]+"
_EMAIL = re.compile(rf"{_WORD}(?:\.{_WORD})*@{_WORD}(?:\.{_WORD})+")
_GMAIL = frozenset({"gmail.com", "googlemail.com"})
_EXPLICITLY_ABROAD = re.compile(r"\s*\(?\s*(\+|＋|00)")
#: Without + or 00 a country code cannot be told from an area code in fewer digits.
_DIGITS_WITH_A_COUNTRY_CODE = 11
_E164_DIGITS = range(7, 16)
_JOINERS = "\u200c\u200d"  # part of the spelling of Persian and Indic names


def sha256(text: str) -> str:
    """The hash of normalised text, in lower-case hex; '' of '', and a hash stays what it is."""
    return _given_hash(text) or (hashlib.sha256(text.encode()).hexdigest() if text else "")


def _given_hash(text: str) -> str:
    """The hash that the text already is, in lower case and without an appendix; '' where it is none."""
    found = _SHA256.fullmatch(text.lower())
    return found[1] if found else ""


Rule = Callable[[str], str]


def _rule(normalise: Rule) -> Rule:
    """Trims first and leaves alone what arrives hashed."""

    @wraps(normalise)
    def normalise_unless_hashed(text: str) -> str:
        text = text.strip()
        return _given_hash(text) or normalise(text)

    return normalise_unless_hashed


# ------------------------------------------------------------------ contacts
@_rule
def email(text: str) -> str:
    """Trimmed and lower; dots and +tag stay."""
    lowered = text.lower()
    return lowered if _EMAIL.fullmatch(lowered) else ""


@_rule
def email_without_gmail_aliases(text: str) -> str:
    """No white space, lower; at Gmail also no dots and no +tag, which all reach one mailbox."""
    name, at, domain = "".join(text.lower().split()).rpartition("@")
    if domain in _GMAIL:
        name = name.split("+")[0].replace(".", "")
    return email(f"{name}{at}{domain}")


def phone_e164(text: str, region: str = "") -> str:
    """Plus, country code and number, as E.164 writes it.

    `region` (ISO 3166-1 alpha-2) is where a number without country code
    belongs; without one such a number is unusable. Numbers that no plan knows
    still count where their country code is beyond doubt: plans lag behind.
    """
    if not text:
        return ""  # parsing nothing takes phonenumbers as long as hashing everything else
    text = "".join(str(unicodedata.decimal(character, character)) for character in text.strip())
    if given := _given_hash(text):
        return given
    # Twice, because what is left of a doubled trunk prefix shows only behind the country code.
    number = _number(_number(text, region.upper()), "")
    return number if len(number) - 1 in _E164_DIGITS else ""


def _number(text: str, region: str) -> str:
    abroad = "+" + re.sub(r"^[\D0]+", "", text)
    at_home = _parse(text, region) if region and "+" not in text else None
    from_abroad = _parse(abroad, "")
    for number in (at_home, from_abroad):
        if number is not None and phonenumbers.is_valid_number(number):
            return phonenumbers.format_number(number, PhoneNumberFormat.E164)
    if at_home is not None and phonenumbers.is_possible_number(at_home):
        return phonenumbers.format_number(at_home, PhoneNumberFormat.E164)
    digits = phonenumbers.normalize_digits_only(abroad)
    is_complete = _EXPLICITLY_ABROAD.match(text) or len(digits) >= _DIGITS_WITH_A_COUNTRY_CODE
    return f"+{digits}" if from_abroad is not None and is_complete else ""


def phone_digits(text: str, region: str = "") -> str:
    """Country code and number without the plus."""
    return phone_e164(text, region).removeprefix("+")


def _parse(text: str, region: str) -> phonenumbers.PhoneNumber | None:
    try:
        return phonenumbers.parse(text, region or None)
    except phonenumbers.NumberParseException:
        return None


# ------------------------------------------------------------------ people
@_rule
def name(text: str) -> str:
    """Lower, without punctuation, symbols and white space; accents and every script stay."""
    kept = "".join(character for character in text.lower() if _spells(character)).strip(_JOINERS)
    return kept if any(character.isalnum() for character in kept) else ""


def _spells(character: str) -> bool:
    if character in _JOINERS:
        return True
    is_emoji_style = "\ufe00" <= character <= "\ufe0f"
    return unicodedata.category(character)[0] in "LMN" and not is_emoji_style


@_rule
def external_id(text: str) -> str:
    """Lower, without white space."""
    return "".join(text.lower().split())
