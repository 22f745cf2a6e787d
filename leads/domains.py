"""Host names as people write them."""

import re

_DOMAIN = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")
_LONGEST = 253


def domain_of(text: str) -> str:
    """A bare host name in lower case and in ASCII; ValueError for anything else."""
    try:
        domain = text.strip().rstrip(".").encode("idna").decode().lower()
    except UnicodeError:
        domain = ""
    if len(domain) > _LONGEST or not _DOMAIN.fullmatch(domain):
        raise ValueError("must be a bare host name such as shop.example.")
    return domain
