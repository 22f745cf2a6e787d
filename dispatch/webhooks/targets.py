"""Checks that a webhook leads to the public internet, never into the installation's own network.

Checked twice: the URL when it is registered, and the IP address when it is
connected to, since a name may resolve to another one by then.
"""

import ipaddress
import socket
from urllib.parse import urlsplit

from adtarget.core.http_connections import AddressRefused

LONGEST_URL = 2048
#: Names of machines that are no names on the internet (RFC 6761, RFC 6762, RFC 8375, ICANN's .internal).
LOCAL_NAMES = ("localhost", "local", "internal", "home.arpa", "lan", "intranet", "test", "invalid")

#: IANA's global unicast, less what no host on the internet has (IANA IPv6 special-purpose address registry, RFC 6890).
_GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")
_NOT_OF_THE_INTERNET = [
    ipaddress.ip_network(network)
    for network in (
        "2001::/23",  # protocol assignments: Teredo, benchmarking, ORCHID, ORCHIDv2
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4
        "3fff::/20",  # documentation
    )
]
#: An IPv4 address stands in their last 32 bits: mapped, compatible, and as NAT64 writes it (RFC 4291, RFC 6052).
_WRAPS_IPV4 = [ipaddress.ip_network(network) for network in ("::ffff:0:0/96", "::/96", "64:ff9b::/96")]


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
        raise WrongTarget("The URL starts with https:// and names a host.")
    if any(ord(letter) <= 32 for letter in url) or "\\" in url:
        raise WrongTarget("A URL holds no spaces, control characters or backslashes.")
    if parts.username is not None or parts.password is not None:
        raise WrongTarget("Leave user name and password out of the URL.")
    if private_is_allowed:
        return
    if parts.scheme != "https":
        raise WrongTarget("The URL starts with https://, since what is sent holds personal data.")
    if not _is_public_host(host):
        raise WrongTarget("This host is private to a network. The URL has to lead to the public internet.")


def is_public(address: str) -> bool:
    """Whether an IP address is global unicast; one that wraps an IPv4 address is judged by that."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv4Address):
        return ip.is_global and not ip.is_multicast
    if ip.scope_id:
        return False
    if any(ip in network for network in _WRAPS_IPV4):
        return is_public(str(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)))
    return ip in _GLOBAL_UNICAST and not any(ip in network for network in _NOT_OF_THE_INTERNET)


def choose_public(host: str, port: int) -> str:
    """The address a host means now. Raises AddressRefused where any of its addresses is private."""
    addresses = _resolve(host, port)
    if not all(map(is_public, addresses)):
        raise AddressRefused("The host leads into a private network; nothing was sent.")
    return addresses[0]


def choose_any(host: str, port: int) -> str:
    """The address a host means now, wherever it is."""
    return _resolve(host, port)[0]


def _resolve(host: str, port: int) -> list[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise AddressRefused("The host's name is unknown.") from error
    return [str(entry[4][0]) for entry in found]


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
