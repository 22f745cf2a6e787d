"""How personal facts become hashes: one pure function per rule, none per vendor.

A rule answers with the normalised text, or '' where there is nothing usable.
Text that already is a SHA-256 passes through every rule, because a caller may
hash before sending. Which platform takes which rule: platforms.md, sections
1.3, 2.3, 3.3 and 4.3; the vendors' own examples are in
tests/vectors/normalisation_vectors.json.
"""

import hashlib
import re
import unicodedata
from collections.abc import Callable
from datetime import date
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
def name_trimmed(text: str) -> str:
    """Trimmed and lower, nothing else."""
    return text.lower()


@_rule
def first_five_letters(text: str) -> str:
    return name(name(text)[:5])


@_rule
def initial(text: str) -> str:
    return name(name(text)[:1])


@_rule
def external_id(text: str) -> str:
    """Lower, without white space."""
    return "".join(text.lower().split())


@_rule
def gender(text: str) -> str:
    """m or f."""
    word = text.lower()
    if word in {"m", "male", "man", "boy"}:
        return "m"
    return "f" if word in {"f", "female", "woman", "girl"} else ""


@_rule
def birth_date(text: str) -> str:
    """YYYYMMDD. Month before day as in the United States, unless that is no month."""
    if re.fullmatch(r"[0-9]{8}", text):
        text = f"{text[:4]}-{text[4:6]}-{text[6:]}"
    parts = re.fullmatch(r"([0-9]{1,4})\D([0-9]{1,2})\D([0-9]{1,4})", text)
    if parts is None:
        return ""
    first, second, third = map(int, parts.groups())
    if first > 31:
        year, month, day = first, second, third
    else:
        year, month, day = (third, second, first) if first > 12 else (third, first, second)
    try:
        return date(year, month, day).strftime("%Y%m%d") if year >= 1000 else ""
    except ValueError:
        return ""


@_rule
def two_digits(text: str) -> str:
    """A day or a month, with its leading zero."""
    return text.zfill(2) if re.fullmatch(r"[0-9]{1,2}", text) else ""


@_rule
def year(text: str) -> str:
    return text if re.fullmatch(r"[0-9]{4}", text) else ""


# ------------------------------------------------------------------ places
@_rule
def city(text: str) -> str:
    """Lower, letters only."""
    return "".join(character for character in text.lower() if unicodedata.category(character)[0] in "LM")


@_rule
def state(text: str) -> str:
    """Two letters where the United States or Canada have such a state, else as a city."""
    spelled = city(text)
    return _STATES.get(spelled, spelled)


@_rule
def zip_code(text: str) -> str:
    """Lower, no spaces, cut at the hyphen."""
    return "".join(text.lower().split("-")[0].split())


@_rule
def country(text: str) -> str:
    """ISO 3166-1 alpha-2, lower; also from the common English names."""
    spelled = city(text)
    if spelled in _COUNTRIES:
        return _COUNTRIES[spelled]
    return spelled if spelled.upper() in phonenumbers.SUPPORTED_REGIONS else ""


_STATES = {
    name.replace("_", ""): code
    for name, _, code in (
        pair.partition("=")
        for pair in """
        alabama=al alaska=ak arizona=az arkansas=ar california=ca colorado=co connecticut=ct delaware=de
        district_of_columbia=dc florida=fl georgia=ga hawaii=hi idaho=id illinois=il indiana=in iowa=ia kansas=ks
        kentucky=ky louisiana=la maine=me maryland=md massachusetts=ma michigan=mi minnesota=mn mississippi=ms
        missouri=mo montana=mt nebraska=ne nevada=nv new_hampshire=nh new_jersey=nj new_mexico=nm new_york=ny
        north_carolina=nc north_dakota=nd ohio=oh oklahoma=ok oregon=or pennsylvania=pa puerto_rico=pr
        rhode_island=ri south_carolina=sc south_dakota=sd tennessee=tn texas=tx utah=ut vermont=vt virginia=va
        washington=wa west_virginia=wv wisconsin=wi wyoming=wy
        alberta=ab british_columbia=bc manitoba=mb new_brunswick=nb newfoundland_and_labrador=nl
        northwest_territories=nt nova_scotia=ns nunavut=nu ontario=on prince_edward_island=pe quebec=qc québec=qc
        saskatchewan=sk yukon=yt
        """.split()
    )
}

_COUNTRIES = {
    name.replace("_", ""): code
    for name, _, code in (
        pair.partition("=")
        for pair in """
        argentina=ar australia=au austria=at belgium=be brazil=br bulgaria=bg canada=ca chile=cl china=cn
        colombia=co croatia=hr czechia=cz czech_republic=cz denmark=dk egypt=eg estonia=ee finland=fi france=fr
        germany=de greece=gr hong_kong=hk hungary=hu india=in indonesia=id ireland=ie israel=il italy=it japan=jp
        kazakhstan=kz kenya=ke latvia=lv lithuania=lt malaysia=my mexico=mx morocco=ma netherlands=nl
        new_zealand=nz nigeria=ng norway=no pakistan=pk peru=pe philippines=ph poland=pl portugal=pt romania=ro
        russia=ru saudi_arabia=sa serbia=rs singapore=sg slovakia=sk slovenia=si south_africa=za south_korea=kr
        spain=es sweden=se switzerland=ch taiwan=tw thailand=th turkey=tr türkiye=tr ukraine=ua
        united_arab_emirates=ae united_kingdom=gb great_britain=gb uk=gb united_states=us
        united_states_of_america=us usa=us vietnam=vn
        """.split()
    )
}
