"""Bytes, texts and headers as hostile or broken clients send them."""

import json
from typing import Any

from hypothesis import strategies as st

#: Numbers as they are written in JSON: beyond every range, of every length, and not quite numbers.
NUMBERS = [
    *("0", "-0", "-1", "1.0", "1e2", "49.9", "0.30000000000000004", "9007199254740993.0"),
    *("4503599627370496", "9223372036854775808", "-9223372036854775809", "1e18", "1e23", "-1e15"),
    *("1e400", "1e-400", "1e9999999999999999999", "-1e-9999999999999999999", "1E+99999999999"),
    *("9" * 41, "9" * 4301, "0." + "0" * 5000 + "1", "NaN", "Infinity", "-Infinity", "01", "+1", "1.", ".5", "0x1"),
]
TEXTS = [
    *("", " ", "\0", "a\0b", "\ud800", "\udfff", "\ufeff", "\u202e", "é" * 200, "a" * 3000, "%00", "%", "\r\nX: y"),
    *(
        "null",
        "true",
        "1_000",
        "١٢",
        "²",
        "fb.1.1596403881668.1116446470",
        "https://acme.example/?fbclid=a&email=b@c.de",
    ),
    *(
        "http://[::1",
        "https://user:pass@host:99999/%",
        "javascript:alert(1)",
        "//evil.example",
        "https://t.me.evil.example/",
    ),
    *("203.0.113.9", "::ffff:10.0.0.1", "fe80::1%eth0", "1.2.3.4, 5.6.7.8", "' OR 1=1 --", "{{7*7}}", "=1+1", "..%2f"),
]

texts = st.sampled_from(TEXTS) | st.text(max_size=30) | st.text(st.characters(), max_size=30)
_PLACE = "\u0001number\u0001"
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | texts | st.sampled_from(NUMBERS).map(lambda one: f"{_PLACE}{one}"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def written(value: Any) -> bytes:
    """The value as JSON; numbers as they are spelt, lone surrogates as escapes."""
    text = json.dumps(value)
    for number in NUMBERS:
        text = text.replace(json.dumps(f"{_PLACE}{number}"), number)
    return text.encode()


def bodies(right: dict[str, Any]) -> st.SearchStrategy[bytes]:
    """A right object with some fields changed; the same broken as bytes; or anything."""
    changed = st.dictionaries(st.sampled_from(sorted(right)) | texts, json_values, max_size=4).map(
        lambda change: written(right | change)
    )
    return st.one_of(changed, changed, changed.flatmap(_broken), st.binary(max_size=60), json_values.map(written))


def _broken(body: bytes) -> st.SearchStrategy[bytes]:
    cut = st.integers(0, len(body)).map(lambda place: body[:place])
    spoilt = st.tuples(st.integers(0, len(body)), st.binary(min_size=1, max_size=3)).map(
        lambda at: body[: at[0]] + at[1] + body[at[0] :]
    )
    around = st.sampled_from([b"\xef\xbb\xbf" + body, b"[" * 5000 + body, body * 2, b'{"a":' * 20 + body + b"}" * 20])
    return cut | spoilt | around


def header_value(text: str) -> str:
    """As a server hands a header on: bytes read as Latin-1, without what ends a header."""
    return text.encode(errors="surrogatepass").decode("latin-1").replace("\r", "").replace("\n", "").replace("\0", "")


def headers(*names: str) -> st.SearchStrategy[dict[str, str]]:
    return st.dictionaries(st.sampled_from(names), texts.map(header_value), max_size=4)
