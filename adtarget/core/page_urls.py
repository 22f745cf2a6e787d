"""Addresses of web pages as they may be kept and passed on: without personal data in their query."""

import re
from collections.abc import Collection
from urllib.parse import unquote_plus, urlsplit, urlunsplit

#: Parameters of ad clicks and campaigns, in lower case; a site may list further ones.
CLICK_PARAMETERS = frozenset(
    "fbclid gclid gbraid wbraid gad_source gad_campaignid ttclid sccid "
    "utm_source utm_medium utm_campaign utm_content utm_term utm_id".split()
)
PARAMETER_NAME = re.compile(r"[A-Za-z0-9_.\[\]-]{1,64}")
# Tools that add a parameter sometimes begin it with a second question mark.
_BETWEEN = re.compile(rf"&|\?(?=(?:{'|'.join(sorted(CLICK_PARAMETERS))})=)", re.IGNORECASE)


def parameters(query: str) -> list[str]:
    """The `name=value` parts of a query; a second `?` before a click parameter begins a part, as `&` does."""
    return [part for part in _BETWEEN.split(query) if part]


def reduced(url: str, keep: Collection[str] = ()) -> str:
    """The URL with only the click, campaign and `keep` parameters of its query; no fragment, user or password.

    '' for what is no http(s) URL.
    """
    try:
        parts = urlsplit(url)
        if parts.scheme.lower() not in ("http", "https") or not parts.hostname:
            return ""
    except ValueError:
        return ""
    names = CLICK_PARAMETERS | {name.lower() for name in keep}
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
