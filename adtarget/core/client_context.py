"""The end user's address and user agent as claimed in headers, and the peer's address as seen."""

import ipaddress
import re

from django.conf import settings
from django.http import HttpRequest

from adtarget.core import errors

LONGEST_USER_AGENT = 1024
#: What Meta's parameter builder writes behind an address: a dot and 2 or 8 characters.
_APPENDIX = re.compile(r"\.(?:[A-Za-z0-9_-]{2}|[A-Za-z0-9_-]{8})$")


def claimed_client(request: HttpRequest) -> tuple[str, str]:
    """IP and user agent of the person, from the X-Adtarget-Client-* headers; '' where not sent.

    Data only: never used for limits. Raises InvalidPayload for an address that is none.
    """
    ip = bare_address(request.headers.get("X-Adtarget-Client-IP", "").strip())
    user_agent = request.headers.get("X-Adtarget-Client-User-Agent", "").strip()
    if ip and not is_address(ip):
        raise errors.InvalidPayload("X-Adtarget-Client-IP is not an IPv4 or IPv6 address.")
    if "\0" in user_agent:
        raise errors.InvalidPayload("X-Adtarget-Client-User-Agent holds a NUL character.")
    if len(user_agent) > LONGEST_USER_AGENT:
        raise errors.InvalidPayload(f"X-Adtarget-Client-User-Agent is over {LONGEST_USER_AGENT} characters.")
    return ip, user_agent


def bare_address(text: str) -> str:
    """The address without the appendix of Meta's parameter builder; text that is none stays as it is."""
    bare = _APPENDIX.sub("", text)
    return bare if not is_address(text) and is_address(bare) else text


def is_address(text: str) -> bool:
    """IPv4 or IPv6, without a zone: that names a network card, and means nothing elsewhere."""
    if len(text) > 64 or "%" in text:
        return False
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def peer_address(request: HttpRequest) -> str:
    """The socket's address, or the right-most one in X-Forwarded-For that no trusted proxy holds.

    This is what limits count; a forged header in front of it changes nothing.
    """
    peer: str = request.META.get("REMOTE_ADDR", "") or "unknown"
    if not settings.TRUSTED_PROXIES or not is_trusted_proxy(peer):
        return peer
    hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",") if hop.strip()]
    for hop in reversed(hops):
        if not is_address(hop):
            break
        peer = hop
        if not is_trusted_proxy(hop):
            break
    return peer


def audited_address(request: HttpRequest) -> str | None:
    """The peer's address as the audit trail keeps it; None where there is none, as on a Unix socket."""
    address = peer_address(request)
    return address if is_address(address) else None


def limit_group(address: str) -> str:
    """The address as limits count it: IPv6 by its /64, since one host has a whole one."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is None:
        return str(ipaddress.ip_network((ip, 64), strict=False))
    return address


def is_trusted_proxy(address: str) -> bool:
    """Whether TRUSTED_PROXIES holds the address, so that its X-Forwarded-For counts."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(ip in ipaddress.ip_network(network, strict=False) for network in settings.TRUSTED_PROXIES)
