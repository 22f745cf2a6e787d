"""The attribution signals of a conversion: what the visit left and what the request said."""

import ipaddress
import socket
from collections.abc import Collection, Mapping

from conversions.facts import EventFacts
from conversions.models import Conversion
from dispatch import page_urls
from dispatch.platforms import registry
from tracker import click_ids

#: Facts of the browser beside the ids.
_BROWSER = ("client_ip", "user_agent", "referrer", "event_source_url")
_BRAIDS = ("gbraid", "wbraid")  # Google refuses both together
_UNIQUE_LOCAL = ipaddress.IPv6Network("fc00::/7")
_NETWORKS = "0.0.0.0/32 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.168.0.0/16 224.0.0.0/4"
#: Private, shared, loopback, link-local, unspecified and multicast networks, as numbers.
_NOT_A_PERSON_V4 = [
    (int(network.network_address), int(network.netmask)) for network in map(ipaddress.IPv4Network, _NETWORKS.split())
]


def names() -> tuple[str, ...]:
    """The names of all signals, as on the visit and in `api_visit_override`; the request's win, field by field."""
    return (*registry.signal_fields(), *_BROWSER)


def effective_signals(conversion: Conversion) -> dict[str, str]:
    """Every signal that is known, by name."""
    visit = conversion.visit
    from_visit: dict[str, str] = {}
    if visit:
        from_visit = {name: visit.signal(name) for name in registry.signal_fields()}
        from_visit |= {name: getattr(visit, name) for name in ("client_ip", "user_agent", "referrer")}
        from_visit["event_source_url"] = visit.url
        from_visit |= visit.all_parameters
    known = {**from_visit, **conversion.api_visit_override}
    return {name: value for name, value in known.items() if value}


def effective_utms(conversion: Conversion) -> dict[str, str]:
    """The UTMs of the event's own URL or, where it has none at all, those of its visit."""
    if conversion.utms:
        return dict(conversion.utms)
    visit = conversion.visit
    return {name: value for name in click_ids.UTMS if visit and (value := getattr(visit, name))}


def signals_on(before: Conversion | None, facts: EventFacts) -> dict[str, str]:
    """What the request names, over what came in with the event before; its braid replaces the other kind of braid."""
    new = with_those_in_url(facts, before=before)
    old = before.api_visit_override if before else {}
    is_replaced = any(name in new for name in _BRAIDS)
    kept = {name: value for name, value in old.items() if not (is_replaced and name in _BRAIDS)}
    return click_ids.with_few_parameters({**new, **kept, **new})


def with_those_in_url(facts: EventFacts, *, before: Conversion | None) -> dict[str, str]:
    """The request's signals; the click ids of its URL count as given where the request itself names none.

    The same fbclid keeps the fbc of the click that is known of it.
    """
    from_url = {name: value for name, value in facts.in_url.items() if name in names()}
    if fbclid := facts.in_url.get("fbclid"):
        known = effective_signals(before).get("fbc", "") if before else ""
        built = click_ids.choose_fbc(fbclid=fbclid, given="", known=known, now=facts.occurred_at)
        from_url |= named({"fbc": built})
    return {**from_url, **facts.signals}


def named(given: Mapping[str, str]) -> dict[str, str]:
    """The signals among `given` that hold something."""
    return {name: given[name] for name in names() if given.get(name)}


def without_personal_data(signals: Mapping[str, str], *, keep: Collection[str]) -> dict[str, str]:
    """The signals with their URLs reduced; `keep` are the query parameters that the site lists."""
    urls = [name for name in ("referrer", "event_source_url") if name in signals]
    return {**signals, **{name: page_urls.reduced(signals[name], keep) for name in urls}}


def kept_parameters(signals: Mapping[str, str], *, listed: Collection[str]) -> dict[str, str]:
    """The kept parameters of the event's own URL, as signals."""
    found = click_ids.in_address(signals.get("event_source_url", ""), listed=listed)
    return {name: value for name, value in found.items() if name.startswith(click_ids.PARAMETER)}


def is_of_a_person(address: str) -> bool:
    """Whether an address can be a person's: not private, loopback, link-local or unspecified."""
    if not address:
        return False
    try:  # nearly all are IPv4, which C reads ten times as quickly
        number = int.from_bytes(socket.inet_pton(socket.AF_INET, address))
    except (OSError, ValueError):
        return _is_of_a_person_with_ipv6(address)
    return not any(number & mask == prefix for prefix, mask in _NOT_A_PERSON_V4)


def _is_of_a_person_with_ipv6(address: str) -> bool:
    try:
        ip = ipaddress.IPv6Address(address)
    except ValueError:
        return False
    if ip.ipv4_mapped:
        return is_of_a_person(str(ip.ipv4_mapped))
    return not (ip.is_loopback or ip.is_link_local or ip.is_unspecified or ip.is_multicast or ip in _UNIQUE_LOCAL)
