from dataclasses import fields
from hashlib import sha256

from hypothesis import given
from hypothesis import strategies as st

from conversions.pii import hash_pii
from dispatch.platforms.facts import OutgoingEvent

EVERY_KEY = {"email", "email_google", "phone_digits", "phone_e164", "first_name", "last_name"}


def hashed(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def test_each_fact_is_hashed_by_every_rule_a_platform_could_need() -> None:
    assert hash_pii(
        email=" John.Smith@Gmail.com", phone="(650) 555-1212", first_name="Mary Jane", last_name="O'Connor", region="US"
    ) == {
        "email": hashed("john.smith@gmail.com"),
        "email_google": hashed("johnsmith@gmail.com"),
        "phone_digits": hashed("16505551212"),
        "phone_e164": hashed("+16505551212"),
        "first_name": hashed("maryjane"),
        "last_name": hashed("oconnor"),
    }


def test_what_is_unusable_leaves_no_key_behind() -> None:
    assert hash_pii(email="nobody", phone="12", first_name="...", last_name=" ") == {}


def test_every_key_is_a_field_of_the_outgoing_event() -> None:
    hashes = hash_pii(email="a@b.example", phone="+16505551212", first_name="A", last_name="B")
    assert set(hashes) == EVERY_KEY
    assert set(hashes) <= {field.name for field in fields(OutgoingEvent)}


@given(text=st.text())
def test_nothing_but_hashes_comes_out(text: str) -> None:
    hashes = hash_pii(email=text, phone=text, first_name=text, last_name=text, region="US")
    assert all(len(value) == 64 and set(value) <= set("0123456789abcdef") for value in hashes.values())
