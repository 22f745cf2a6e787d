"""Checks that a webhook leads to the public internet, never into the installation's own network.

Checked twice: the URL when it is registered, and the IP address when it is
connected to, since a name may resolve to another one by then.
"""

import ipaddress
import socket
from urllib.parse import urlsplit

from adtarget.core.http import AddressRefused

LONGEST_URL = 2048
#: Names of machines that are no names on the internet (RFC 6761, RFC 6762, RFC 8375, ICANN's .internal).
LOCAL_NAMES = ("localhost", "local", "internal", "home.arpa", "lan", "intranet", "test", "invalid")

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_NAT64_LOCAL = ipaddress.ip_network("64:ff9b:1::/48")


class WrongTarget(ValueError):
    """A sentence that says what is wrong with a URL."""


def check_url(url: str, *, private_is_allowed: bool) -> None:
    """Raises WrongTarget where a webhook may not lead to; asks no name server."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError as error:
        raise WrongTarget("This is no URL.") from error
    if parts.scheme not in ("https", "http") or not host or len(url) > LONGEST_URL:
        raise WrongTarget("A webhook's URL starts with https:// and names a host.")
    if any(ord(letter) <= 32 for letter in url) or "\\" in url:
        raise WrongTarget("A URL holds no spaces, control characters or backslashes.")
    if parts.username is not None or parts.password is not None:
        raise WrongTarget("Leave user name and password out of the URL: a signature proves who we are.")
    if private_is_allowed:
        return
    if parts.scheme != "https":
        raise WrongTarget("A webhook's URL starts with https://, since it tells of people.")
    if not _is_public_host(host):
        raise WrongTarget("This host is private to a network. A webhook leads to the public internet.")


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the public internet, also where it wraps another one."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        if ip in _NAT64_LOCAL or ip.scope_id:
            return False
        wrapped = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if ip in _NAT64:
            wrapped = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if wrapped is not None:
            return is_public(str(wrapped))
    return ip.is_global and not ip.is_multicast


def choose_public(host: str, port: int) -> str:
    """The address a host means now. Raises AddressRefused where any of its addresses is private."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise AddressRefused("The host's name is unknown.") from error
    addresses = [str(entry[4][0]) for entry in found]
    if not all(map(is_public, addresses)):
        raise AddressRefused("The host leads into a private network; nothing was sent.")
    return addresses[0]


def _is_public_host(host: str) -> bool:
    host = host.rstrip(".").lower()
    try:
        return is_public(str(ipaddress.ip_address(host)))
    except ValueError:
        pass
    try:
        return is_public(socket.inet_ntoa(socket.inet_aton(host)))  # 2130706433, 0x7f.1 and their like
    except OSError:
        pass
    return "." in host and not any(host == name or host.endswith(f".{name}") for name in LOCAL_NAMES)
