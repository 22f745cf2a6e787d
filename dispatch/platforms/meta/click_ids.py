"""Meta's click id `fbc` and browser id `fbp`: what Meta takes, and how an `fbc` is made from an `fbclid`.

Source: "fbp and fbc parameters" and the parameter builder's published code (2026-09 and 2026-11). A malformed
fbc is error 100/2804001 for the whole request.
"""

import re

LONGEST = 2048

_FBCLID = re.compile(r"[A-Za-z0-9_-]+")
#: fb, the domain's level, milliseconds (or seconds, of old), the fbclid, and perhaps the parameter builder's appendix.
_FBC = re.compile(r"fb\.[0-9]\.([0-9]{10,13})\.([A-Za-z0-9_-]+)(\.(?:[A-Za-z0-9_-]{2}|[A-Za-z0-9_-]{8}))?")
_FBP = re.compile(r"fb\.[0-9]\.[0-9]{10,13}\.[0-9]+(\.(?:[A-Za-z0-9_-]{2}|[A-Za-z0-9_-]{8}))?")


def is_fbc(value: str) -> bool:
    """Whether Meta takes the value as an fbc."""
    return len(value) <= LONGEST and _FBC.fullmatch(value) is not None


def is_fbp(value: str) -> bool:
    """Whether Meta takes the value as an fbp."""
    return len(value) <= LONGEST and _FBP.fullmatch(value) is not None


def cut_fbclid(value: str) -> str:
    """An fbclid as far as it can be one: up to the first character outside `[A-Za-z0-9_-]`; '' if none is left."""
    found = _FBCLID.match(value)
    return found[0] if found and len(found[0]) <= LONGEST else ""


def build_fbc(fbclid: str, *, at_milliseconds: int) -> str:
    """`fb.1.<when the click was first seen>.<fbclid>`, or '' where the fbclid holds nothing usable."""
    fbclid = cut_fbclid(fbclid)
    built = f"fb.1.{at_milliseconds}.{fbclid}"
    return built if fbclid and is_fbc(built) else ""


def fbclid_of(fbc: str) -> str:
    """The fbclid inside a sound fbc, without the appendix; '' for any other value."""
    found = _FBC.fullmatch(fbc)
    return found[2] if found else ""


def made_at(fbc: str) -> int:
    """When a sound fbc was made, in milliseconds; 0 for any other value."""
    found = _FBC.fullmatch(fbc)
    return int(found[1].ljust(13, "0")) if found else 0
