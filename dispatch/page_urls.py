"""Addresses of web pages as they may be kept and passed on: without personal data in their query."""

import re
from collections.abc import Collection
from functools import cache
from urllib.parse import unquote_plus, urlsplit, urlunsplit

from dispatch.platforms import registry

#: Parameters of campaigns, beside the click parameters of the registered platforms; a site may list further ones.
CAMPAIGN_PARAMETERS = frozenset(
    "gad_source gad_campaignid utm_source utm_medium utm_campaign utm_content utm_term utm_id".split()
)
PARAMETER_NAME = re.compile(r"[A-Za-z0-9_.\[\]-]{1,64}")


def click_parameters() -> frozenset[str]:
    """The query parameters that are always kept, in lower case."""
    return _click_parameters(registry.known())


@cache
def _click_parameters(slugs: tuple[str, ...]) -> frozenset[str]:
    return CAMPAIGN_PARAMETERS.union(registry.parameters(), registry.kept_parameters())


def parameters(query: str) -> list[str]:
    """The `name=value` parts of a query; a second `?` before a click parameter begins a part, as `&` does.

    Tools that add a parameter sometimes begin it with a second question mark.
    """
    return [part for part in _between(click_parameters()).split(query) if part]


@cache
def _between(names: frozenset[str]) -> re.Pattern[str]:
    return re.compile(rf"&|\?(?=(?:{'|'.join(map(re.escape, sorted(names)))})=)", re.IGNORECASE)


def reduced(url: str, keep: Collection[str] = ()) -> str:
    """The URL with only the click, campaign and `keep` parameters of its query; no fragment, user or password.

    '' for what is no http(s) URL.
    """
    if not url:
        return ""
    try:
        parts = urlsplit(url)
        if parts.scheme.lower() not in ("http", "https") or not parts.hostname:
            return ""
    except ValueError:
        return ""
    names = click_parameters() | {name.lower() for name in keep}
    query = "&".join(part for part in parameters(parts.query) if _name(part) in names)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, query, ""))


def reduced_within(document: object, keep: Collection[str] = ()) -> object:
    """A JSON document with each http(s) URL in it reduced."""
    if isinstance(document, dict):
        return {name: reduced_within(value, keep) for name, value in document.items()}
    if isinstance(document, list):
        return [reduced_within(value, keep) for value in document]
    if isinstance(document, str) and document.lower().startswith(("http://", "https://")):
        return reduced(document, keep)
    return document


def _name(parameter: str) -> str:
    return unquote_plus(parameter.partition("=")[0]).lower()
