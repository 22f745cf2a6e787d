"""Every example the vendors publish, and what holds for every input."""

import json
from collections.abc import Callable
from hashlib import sha256 as plain_sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversions import hashing

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "normalisation_vectors.json").read_text())
HASH_OF_NOTHING = plain_sha256(b"").hexdigest()

#: Which rule each platform's field follows; phones also take the vector's default country.
RULES: dict[tuple[str, str], Callable[..., str]] = {
    ("meta", "em"): hashing.email,
    ("meta", "ph"): hashing.phone_digits,
    ("meta", "fn"): hashing.name,
    ("meta", "ln"): hashing.name,
    ("meta", "external_id"): hashing.external_id,
    ("tiktok", "email"): hashing.email,
    ("tiktok", "phone"): hashing.phone_e164,
    ("tiktok", "external_id"): hashing.external_id,
    ("snapchat", "em"): hashing.email,
    ("snapchat", "ph"): hashing.phone_digits,
    ("snapchat", "fn"): hashing.name,
    ("google", "emailAddress"): hashing.email_without_gmail_aliases,
    ("google", "phoneNumber"): hashing.phone_e164,
}
EVERY_RULE = sorted(set(RULES.values()), key=lambda rule: rule.__name__)
TEXT_RULES = [rule for rule in EVERY_RULE if not rule.__name__.startswith("phone")]

every_rule = pytest.mark.parametrize("rule", EVERY_RULE, ids=lambda rule: rule.__name__)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: f"{v['platform']}-{v['field']}-{v['input'].strip()}")
def test_a_vendors_example_comes_out_as_published(vector: dict[str, str]) -> None:
    rule = RULES[vector["platform"], vector["field"]]
    region = [vector["default_country"]] if "default_country" in vector else []
    normalised = rule(vector["input"], *region)
    assert normalised == vector["normalised"]
    assert hashing.sha256(normalised) == vector["sha256"]


@every_rule
@pytest.mark.parametrize("nothing", ["", " ", "\t\n", "\u00a0"])
def test_nothing_stays_nothing_and_is_not_hashed(rule: Callable[[str], str], nothing: str) -> None:
    assert rule(nothing) == ""
    assert hashing.sha256(rule(nothing)) == ""


@every_rule
def test_what_arrives_hashed_is_lowered_and_not_hashed_again(rule: Callable[[str], str]) -> None:
    ready = plain_sha256(b"john@example.com").hexdigest()
    assert hashing.sha256(rule(f" {ready.upper()} ")) == ready


@pytest.mark.parametrize("rule", TEXT_RULES, ids=lambda rule: rule.__name__)
@given(text=st.text())
def test_normalising_twice_is_normalising_once(rule: Callable[[str], str], text: str) -> None:
    assert rule(rule(text)) == rule(text)


@given(
    text=st.from_regex(r"\A\+?(\(0\))?[0-9 ()-]{0,20}\Z"),
    region=st.sampled_from(["", "US", "DE", "GB", "IT", "BR", "IN", "RU"]),
)
def test_an_e164_number_stays_itself_in_every_region(text: str, region: str) -> None:
    number = hashing.phone_e164(text, region)
    assert hashing.phone_e164(number, region) == number
    assert number == "" or (number.startswith("+") and number[1:].isdigit() and 8 <= len(number) <= 16)


@given(text=st.text(max_size=80))
def test_the_hash_of_nothing_never_appears(text: str) -> None:
    assert HASH_OF_NOTHING not in {hashing.sha256(rule(text)) for rule in EVERY_RULE}


@pytest.mark.parametrize(
    ("text", "region", "expected"),
    [
        ("0171 2345678", "DE", "+491712345678"),
        ("0171 2345678", "", ""),  # no country code, not repairable
        ("650 555 1212", "", ""),
        ("650 555 1212", "us", "+16505551212"),
        ("8 (912) 345-67-89", "RU", "+79123456789"),
        ("+44 (0) 20 7946 0958", "", "+442079460958"),
        ("0044 20 7946 0958", "DE", "+442079460958"),
        ("+39 06 698 1234", "", "+39066981234"),  # Italy keeps its zero
        ("441134960987", "US", "+441134960987"),
        ("+16505551212", "DE", "+16505551212"),
        ("+1 650 555 1212 ext. 7", "", "+16505551212"),
        ("٠٠٤٤ ٢٠ ٧٩٤٦ ٠٩٥٨", "", "+442079460958"),  # Arabic digits
        ("+999 12345678", "", ""),  # no such country code
        ("+1234567890123456", "", ""),  # 16 digits
        ("+1", "", ""),
        ("call me", "US", ""),
        ("650 555 1212", "no such region", ""),
        ("9" * 100_000, "US", ""),
    ],
)
def test_a_phone_is_completed_where_its_country_is_known_and_dropped_otherwise(
    text: str, region: str, expected: str
) -> None:
    assert hashing.phone_e164(text, region) == expected
    assert hashing.phone_digits(text, region) == expected.removeprefix("+")


@pytest.mark.parametrize(
    "text", ["john", "john@", "@example.com", "john@example", "a b@example.com", "a@b@example.com"]
)
def test_what_is_no_address_is_no_email(text: str) -> None:
    assert hashing.email(text) == ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("J.o.h.n+ads@Gmail.com", "john@gmail.com"),
        ("john.smith+ads@example.com", "john.smith+ads@example.com"),
        ("john @ gmail . com", "john@gmail.com"),
        ("+ads@gmail.com", ""),
        ("...@gmail.com", ""),
    ],
)
def test_gmail_aliases_reach_one_mailbox(text: str, expected: str) -> None:
    assert hashing.email_without_gmail_aliases(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("Mary 🔥❤️", "mary"), ("O’Connor", "oconnor"), ("علی‌رضا", "علی‌رضا"), ("🔥", ""), ("...", ""), ("Ольга!", "ольга")],
)
def test_a_name_keeps_its_letters_and_nothing_else(text: str, expected: str) -> None:
    assert hashing.name(text) == expected
