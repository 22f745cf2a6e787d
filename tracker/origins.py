"""Checks whether a page may call the tracker for a site."""

from urllib.parse import urlsplit

from django.http import HttpRequest

from adtarget.core import cached, errors
from leads.models import Site

REMEMBERED_SECONDS = 3600


def check(site: Site, request: HttpRequest, *, href: str = "") -> None:
    """Raises DomainNotAllowed unless the page is the site's, by `Origin`, else `Referer`, else `href`.

    A page without an origin ("null") is judged by the next. Where nothing
    names the page, as in a tap inside an app, nobody can be refused.
    """
    sources = (request.headers.get("Origin", ""), request.headers.get("Referer", ""), href)
    host = next(filter(None, map(host_of, sources)), "")
    if host and not is_allowed(site, host):
        cached.remember(_refusal(site), host[:253], seconds=REMEMBERED_SECONDS)  # only helps to set the site up
        raise errors.DomainNotAllowed(
            f"{host[:253]} may not speak for this site. Add it to the site's allowed domains."
        )


def refused_lately(site: Site) -> str:
    """The host that was refused last within the hour, as far as it is known; else ''."""
    return str(cached.remembered(_refusal(site)) or "")


def is_allowed(site: Site, host: str) -> bool:
    """The site's domain, any subdomain of it, or exactly a name on its allow-list."""
    domain = _name(site.domain)
    return host == domain or host.endswith(f".{domain}") or host in map(_name, site.allowed_domains)


def host_of(address: str) -> str:
    """The host of an http(s) URL, in lower case without port and final dot; '' where there is none."""
    try:
        parts = urlsplit(address)
        host = parts.hostname if parts.scheme.lower() in ("http", "https") else None
    except ValueError:
        return ""
    return _name(host or "")


def _refusal(site: Site) -> str:
    return f"refused-origin:{site.pk}"


def _name(host: str) -> str:
    return host.lower().rstrip(".")
