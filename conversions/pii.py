"""Hashes contacts on arrival: nothing after this module sees them in clear.

Only these hashes are stored, queued or logged: one SHA-256 per normalisation
rule that any platform asks for, so that a pixel added later needs no clear text.
"""

from typing import TypeAlias

from conversions import hashing

#: 64 lower-case hex characters by rule name; the names are fields of `dispatch.platforms.base.OutgoingEvent`.
HashedPii: TypeAlias = dict[str, str]


def hash_pii(
    *, email: str = "", phone: str = "", first_name: str = "", last_name: str = "", region: str = ""
) -> HashedPii:
    """The hashes of what is usable; a key is left out rather than empty.

    `region` (ISO 3166-1 alpha-2) is where a phone number without country code belongs.
    Names follow the rule that Meta, TikTok and Snapchat share; Google takes none without a postal address.
    """
    normalised = {
        "email": hashing.email(email),
        "email_google": hashing.email_without_gmail_aliases(email),
        "phone_digits": hashing.phone_digits(phone, region),
        "phone_e164": hashing.phone_e164(phone, region),
        "first_name": hashing.name(first_name),
        "last_name": hashing.name(last_name),
    }
    return {rule: hashing.sha256(text) for rule, text in normalised.items() if text}
