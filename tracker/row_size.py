"""How much of a page view is kept: about four kilobytes a row, click ids first.

Pure. Click and browser ids are kept whole or not at all; what is only shown
is cut. Sizes are bytes of UTF-8, as the database stores them.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

MOST_BYTES = 3840  # with the row's own ids and times about 4 kB
ROW_BYTES = 200  # indexes and the session of a visit included, roughly
MOST_ID_BYTES = 2816  # one id of the longest kind, beside the usual ones

#: What each text may take where there is room, and what is left to it where there is not, in the order of cutting.
_TEXTS = {
    "referrer": (1024, 0),
    "landing_page": (1024, 0),
    "region": (128, 0),
    "city": (128, 0),
    "country": (128, 0),
    "utm_term": (512, 32),
    "utm_content": (512, 32),
    "utm_medium": (512, 32),
    "url": (1024, 192),
    "utm_source": (512, 64),
    "utm_campaign": (512, 64),
    "user_agent": (512, 256),
}
_ADDRESSES = ("url", "landing_page", "referrer")
_HALF_ESCAPE = re.compile(r"%[0-9A-Fa-f]?$")


def ids_with_room(ids: Mapping[str, str], *, first: Iterable[str], unlimited: Collection[str] = ()) -> dict[str, str]:
    """Those of the ids that fit together, `first` before the rest; the `unlimited` ones need no room."""
    kept: dict[str, str] = {}
    left = MOST_ID_BYTES
    for name in (name for name in dict.fromkeys([*first, *ids]) if name in ids):
        size = 0 if name in unlimited else len(ids[name].encode())
        if size <= left:
            kept[name], left = ids[name], left - size
    return kept


def cut_texts(texts: Mapping[str, str], *, taken: int) -> dict[str, str]:
    """The texts, cut as far as a row needs in which other fields take `taken` bytes."""
    kept = {name: _cut(name, text, _TEXTS[name][0]) for name, text in texts.items()}
    excess = taken + sum(len(text.encode()) for text in kept.values()) - MOST_BYTES
    for name, (_, least) in _TEXTS.items():
        if excess <= 0:
            break
        size = len(kept[name].encode())
        kept[name] = _cut(name, kept[name], max(least, size - excess))
        excess -= size - len(kept[name].encode())
    return kept


def size_of(row: Any) -> int:
    """The bytes of a row's values as text, and a little for what the database adds."""
    values = [getattr(row, field.attname) for field in row._meta.concrete_fields]
    return ROW_BYTES + len("".join(map(str, values)).encode())


def _cut(name: str, text: str, most: int) -> str:
    """At most so many bytes of the text, no character in halves; of an address its query goes first."""
    if len(text.encode()) <= most:
        return text
    if name not in _ADDRESSES:
        return text.encode()[:most].decode(errors="ignore")
    page = text.partition("?")[0].encode()[:most].decode(errors="ignore")
    return _HALF_ESCAPE.sub("", page)
