"""Reads what a request of the tracker says about a page view; visits.py stores it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from adtarget.core import errors
from adtarget.core.client_context import claimed_client, is_address, peer_address
from conversions.identifiers import is_of_a_person
from dispatch import page_urls
from dispatch.platforms.meta.click_ids import is_fbc, is_fbp
from leads.models import Site
from tracker import click_ids, visitor_consent

#: What the demo takes for the address of a visitor on this very machine, which means nothing to a platform (RFC 5737).
DEMO_ADDRESS = "203.0.113.7"
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII)
PLACE = ("country", "region", "city")
_LONGEST = {"external_user_id": 512, "client_session_id": 64, **dict.fromkeys(PLACE, 128)}


@dataclass(frozen=True, kw_only=True, slots=True)
class PageView:
    """A page view as the request describes it.

    `body` holds the request's fields by our names, none of them required;
    `address` the click ids, UTMs and kept parameters of `href`.
    """

    site: Site
    temp_id: UUID
    href: str = ""
    address: dict[str, str] = field(default_factory=dict)
    body: Mapping[str, str] = field(default_factory=dict)
    cookies: Mapping[str, str] = field(default_factory=dict)
    client_ip: str = ""
    user_agent: str = ""
    consent: Mapping[str, Any] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """A field, or '' where its column could not hold it whole: a too long field must not lose the visit."""
        return click_ids.clean(self.body.get(name, ""), longest=_LONGEST[name])

    def web_address(self, url: str) -> str:
        """A page's URL without what the site does not keep of its query."""
        return page_urls.reduced(printable(url), self.site.kept_query_parameters)


def read_page_view(request: HttpRequest, *, site: Site, temp_id: UUID, href: str, body: dict[str, Any]) -> PageView:
    """The page view that a request of the tracker describes."""
    ip, user_agent = client_of(request, body)
    return PageView(
        site=site,
        temp_id=temp_id,
        href=href,
        address=click_ids.in_address(href, listed=site.kept_query_parameters),
        body=body,
        cookies=request.COOKIES,
        client_ip=ip,
        user_agent=user_agent,
        consent=visitor_consent.said_on_page(body.get("consent"), timezone.now()),
    )


def read_uuid(text: str) -> UUID | None:
    """A UUID in its usual writing, None for anything else."""
    return UUID(text) if _UUID.fullmatch(text) else None


def client_of(request: HttpRequest, body: Mapping[str, str]) -> tuple[str, str]:
    """The visitor's address and user agent: from a proxy's headers, else the body, else the connection."""
    try:
        ip, user_agent = claimed_client(request)
    except errors.InvalidPayload:  # a proxy's mistake; what we see ourselves is the proxy
        return body.get("client_ip", ""), printable(body.get("user_agent", ""))
    peer = peer_address(request)
    if settings.DEMO and not is_of_a_person(peer):
        peer = DEMO_ADDRESS
    ip = ip or body.get("client_ip", "") or (peer if is_address(peer) else "")
    user_agent = user_agent or body.get("user_agent", "") or request.headers.get("User-Agent", "")
    return ip, printable(user_agent)


def acceptable_ids(given: Mapping[str, str]) -> dict[str, str]:
    """The late ids that a platform would accept."""
    late = {name: click_ids.clean(value, longest=click_ids.LONGEST_SIGNAL) for name, value in given.items()}
    rules = {"fbp": is_fbp, "fbc": is_fbc}
    return {name: value for name, value in late.items() if value and rules.get(name, bool)(value)}


def printable(text: str) -> str:
    """The text, or '' where it holds control characters, which no browser sends and no database stores."""
    return click_ids.clean(text, longest=len(text))
