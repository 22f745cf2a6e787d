"""Decodes what AdTarget needs of a GPP string: the TC string inside it, and opt-outs under US state laws.

Source: IAB Tech Lab, Global Privacy Platform, "Consent String Specification" 1.0 and the specifications of its
sections (github.com/InteractiveAdvertisingBureau/Global-Privacy-Platform, read in 2026-11). No Python package on PyPI
decodes GPP strings.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from adtarget.core.consent.bits import Bits

EU_TCF, US_PRIVACY = 2, 6
_HEADER_TYPE, _HEADER_VERSION = 3, 1
_MOST_SECTIONS = 64
_OPTED_OUT = 1
_US_PRIVACY = re.compile(r"1[YN-][YN-][YN-]")
#: By section: pairs of bits between the version and the opt-outs, and how many opt-outs (of sale, sharing, targeted
#: advertising) stand there.
_US_SECTIONS: Mapping[int, tuple[int, int]] = {
    7: (6, 3),  # national
    8: (3, 2),  # California
    9: (3, 2),  # Virginia
    10: (3, 2),  # Colorado
    11: (4, 2),  # Utah
    12: (3, 2),  # Connecticut
    **dict.fromkeys((13, 14, 15, 16, 17), (3, 2)),  # Florida, Montana, Oregon, Texas, Delaware
    18: (4, 2),  # Iowa
    **dict.fromkeys((19, 20, 21, 22), (3, 2)),  # Nebraska, New Hampshire, New Jersey, Tennessee
}
_GPC_SEGMENT = 1


@dataclass(frozen=True, slots=True)
class Sections:
    """`opted_out` is None where no US section that is known here was among them."""

    tcf: str
    opted_out: bool | None


def decode(text: str) -> Sections:
    """Raises ValueError for a string that is none."""
    header, *bodies = text.split("~")
    ids = list(_section_ids(Bits(header)))
    if len(ids) != len(bodies):
        raise ValueError("as many sections as the header names are needed")
    sections = dict(zip(ids, bodies, strict=True))
    told = [_is_opted_out(number, body) for number, body in sections.items() if _is_us(number)]
    return Sections(tcf=sections.get(EU_TCF, ""), opted_out=any(told) if told else None)


def _section_ids(bits: Bits) -> Iterator[int]:
    if (bits.number(6), bits.number(6)) != (_HEADER_TYPE, _HEADER_VERSION):
        raise ValueError("not a GPP header of version 1")
    last = 0
    for _ in range(bits.number(12)):
        is_range = bits.flag()
        first = last + bits.fibonacci()
        last = first + bits.fibonacci() if is_range else first
        if last - first > _MOST_SECTIONS:
            raise ValueError("too many sections")
        yield from range(first, last + 1)


def _is_us(number: int) -> bool:
    return number == US_PRIVACY or number in _US_SECTIONS


def _is_opted_out(number: int, body: str) -> bool:
    if number == US_PRIVACY:
        if not _US_PRIVACY.fullmatch(body):
            raise ValueError("not a US privacy string")
        return body[2] == "Y"
    core, *further = body.split(".")
    bits, (before, count) = Bits(core), _US_SECTIONS[number]
    bits.skip(6 + 2 * before)
    opt_outs = [bits.number(2) for _ in range(count)]
    return _OPTED_OUT in opt_outs or any(map(_is_global_privacy_control, further))


def _is_global_privacy_control(segment: str) -> bool:
    bits = Bits(segment)
    return bits.number(2) == _GPC_SEGMENT and bits.flag()
