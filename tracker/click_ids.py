"""Click ids, browser ids and UTMs: out of an address, and which of them a visit ends up with.

Pure. Values are opaque: kept as they came, decoded once, never lowered,
trimmed or cut, but for an fbclid with other text behind it. What cannot be
kept whole is left out.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime, timedelta
from urllib.parse import unquote, unquote_plus, urlsplit

from adtarget.core.times import milliseconds
from dispatch import page_urls
from dispatch.platforms import registry
from dispatch.platforms.meta import click_ids as meta
from dispatch.platforms.meta.click_ids import is_fbc, is_fbp

UTMS = ("utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term")

REMEMBERED_FOR = timedelta(days=90)
LONGEST_SIGNAL, LONGEST_UTM = 2048, 512
#: Begins the field of a kept parameter among the signals: `param:subid`.
PARAMETER = "param:"
MOST_PARAMETERS = 20

_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


def in_address(address: str, *, listed: Collection[str] = ()) -> dict[str, str]:
    """The click ids and UTMs in a URL's query, the first of each, by our names and `fbclid`.

    And, as `param:name`, the kept parameters: those that networks use and those that the site lists.
    """
    try:
        return in_query(urlsplit(address).query, listed=listed)
    except ValueError:
        return {}


def in_query(query: str, *, listed: Collection[str] = ()) -> dict[str, str]:
    """The same of a query."""
    found: dict[str, str] = {}
    wanted = {*registry.parameters(), *UTMS}
    kept = {*registry.kept_parameters(), *map(str.lower, listed)} - wanted
    for name, value in _pairs(query):
        if value and name in wanted:
            found.setdefault(name, value)
        elif value and name in kept:
            found.setdefault(PARAMETER + name, value)
    return with_few_parameters(found)


def with_few_parameters(signals: Mapping[str, str]) -> dict[str, str]:
    """The signals with the first twenty of their kept parameters."""
    too_many = [field for field in signals if field.startswith(PARAMETER)][MOST_PARAMETERS:]
    return {field: value for field, value in signals.items() if field not in too_many}


def parameters_among(signals: Mapping[str, str]) -> dict[str, str]:
    """The kept parameters among signals, by their own names."""
    return {field.removeprefix(PARAMETER): value for field, value in signals.items() if field.startswith(PARAMETER)}


def _pairs(query: str) -> Iterator[tuple[str, str]]:
    for part in page_urls.parameters(query):
        name, _, value = part.partition("=")
        name = unquote_plus(name).lower()  # Snapchat writes ScCid
        # A plus is a space in words; in an opaque id it is itself.
        value = unquote_plus(value) if name in UTMS else unquote(value)
        yield name, clean(meta.cut_fbclid(value) if name == "fbclid" else value, longest=_longest(name))


def _longest(name: str) -> int:
    return LONGEST_UTM if name in UTMS else LONGEST_SIGNAL


def clean(value: str, *, longest: int) -> str:
    """The value, or '' where no column could hold it whole."""
    return "" if len(value) > longest or _CONTROL.search(value) else value


def brought(*, body: Mapping[str, str], address: Mapping[str, str], cookies: Mapping[str, str]) -> dict[str, str]:
    """What this page view itself carries: the body first, then the address, then the browser's cookies.

    Without Meta's fbc, which also depends on the past.
    """
    found: dict[str, str] = {}
    for name in registry.signal_fields():
        value = clean(body.get(name, ""), longest=LONGEST_SIGNAL) or address.get(name, "") or _cookie(name, cookies)
        if value and name != "fbc" and (name != "fbp" or is_fbp(value)):
            found[name] = value
    return found | {name: value for name, value in address.items() if name.startswith(PARAMETER)}


def _cookie(name: str, cookies: Mapping[str, str]) -> str:
    return clean(cookies.get(registry.cookies().get(name, ""), ""), longest=LONGEST_SIGNAL)


def choose_fbc(*, fbclid: str, given: str, known: str, now: datetime) -> str:
    """Meta's click id: one of those at hand, or a new one where `fbclid` is of no earlier click.

    `given` is the browser's `_fbc`, `known` the visitor's last one. The same
    fbclid keeps its first timestamp; without an fbclid the younger wins.
    """
    at_hand = [fbc for fbc in (given, known) if is_fbc(fbc)]
    if fbclid:
        mine = [fbc for fbc in at_hand if meta.fbclid_of(fbc) == fbclid]
        built = meta.build_fbc(fbclid, at_milliseconds=milliseconds(now))
        return mine[0] if mine else built or _youngest(at_hand)
    return _youngest(at_hand)


def _youngest(candidates: list[str]) -> str:
    return max(candidates, key=meta.made_at, default="")  # of two alike the first, which is the browser's own


def remembered(*, known: Mapping[str, str], seen_at: Mapping[str, int], now: datetime) -> dict[str, str]:
    """Those of the visitor's last ids that are young enough to be kept."""
    oldest = milliseconds(now - REMEMBERED_FOR)
    return {name: value for name, value in known.items() if value and seen_at.get(name, 0) >= oldest}


def combine(*, new: Mapping[str, str], old: Mapping[str, str]) -> dict[str, str]:
    """A platform's new click replaces its old ones; browser ids are replaced one by one; the rest stays."""
    kept = dict(old)
    for names in registry.click_groups():
        if any(new.get(name) for name in names):
            for name in names:
                kept.pop(name, None)
    return with_few_parameters({**new, **kept, **new})
