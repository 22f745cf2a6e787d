"""Decodes what AdTarget needs of a TC string: purposes, and the consent for one vendor.

Source: IAB Tech Lab, "Transparency and Consent String with Global Vendor & CMP List Formats", version 2.3 (2026-11);
the fields read here stand at fixed places of the core segment. PyPI's iab-tcf was not taken: its last release is of
2022 and needs a fork of bitarray that has no wheel for this Python.
"""

from dataclasses import dataclass

from adtarget.core.consent.bits import Bits

VERSION = 2
#: Google Advertising Products in the Global Vendor List.
GOOGLE = 755
_BEFORE_PURPOSES = 152 - 6  # dates, CMP, language, vendor list, policy, special features
_COUNTRY = 12


@dataclass(frozen=True, slots=True)
class Purposes:
    """What a TC string grants. `measuring` also counts where it rests on legitimate interest."""

    storage: bool  # purpose 1
    profiles: bool  # purposes 3 and 4
    measuring: bool  # purpose 7
    google: bool  # vendor 755


def decode(text: str) -> Purposes:
    """Raises ValueError for a string that is none of version 2."""
    bits = Bits(text.partition(".")[0])
    if bits.number(6) != VERSION:
        raise ValueError("not of version 2")
    bits.skip(_BEFORE_PURPOSES)
    consents, interests = bits.flags(24), bits.flags(24)
    # In some countries purpose 1 is not asked for, and then not refused.
    purpose_one_not_asked = bits.flag()
    bits.skip(_COUNTRY)
    return Purposes(
        storage=1 in consents or purpose_one_not_asked,
        profiles={3, 4} <= consents,
        measuring=7 in consents or 7 in interests,
        google=_grants(bits, GOOGLE),
    )


def _grants(bits: Bits, vendor: int) -> bool:
    """Whether the section of vendor consents, as a bit field or a list of ranges, holds the vendor."""
    largest, is_ranges = bits.number(16), bits.flag()
    if not is_ranges:
        return vendor <= largest and vendor in bits.flags(largest)
    for _ in range(bits.number(12)):
        is_range, first = bits.flag(), bits.number(16)
        last = bits.number(16) if is_range else first
        if first <= vendor <= last:
            return True
    return False
