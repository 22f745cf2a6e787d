"""Which parts of a page's URL are kept."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.page_urls import reduced

A = "https://acme.example"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (f"{A}/vip", f"{A}/vip"),
        (f"{A}/?email=a%40b.example", f"{A}/"),
        (f"{A}/?ScCid=aB&UTM_Source=fb&x=1", f"{A}/?ScCid=aB&UTM_Source=fb"),
        (f"{A}/?fbclid=IwAR?utm_source=fb", f"{A}/?fbclid=IwAR&utm_source=fb"),
        (f"{A}/?fbclid=a%2Fb", f"{A}/?fbclid=a%2Fb"),  # values stay as they came
        (f"{A}/?%66bclid=a", f"{A}/?%66bclid=a"),
        (f"{A}/?utm_source=fb&email", f"{A}/?utm_source=fb"),
        (f"{A}/a;email=x?gclid=1#email", f"{A}/a;email=x?gclid=1"),
        ("https://anna:secret@acme.example:8443/a", "https://acme.example:8443/a"),
        ("HTTPS://Acme.example/a", "https://Acme.example/a"),
        ("javascript:alert(1)", ""),
        ("mailto:anna@acme.example", ""),
        ("https://[::1", ""),
        ("", ""),
    ],
)
def test_only_clicks_and_campaigns_are_kept_of_a_query(url, expected) -> None:
    assert reduced(url) == expected


def test_names_of_the_site_are_kept_in_any_case() -> None:
    assert reduced(f"{A}/?Plan=gold&token=1", ["plan"]) == f"{A}/?Plan=gold"


@given(st.text(max_size=200))
def test_no_text_breaks_it(text) -> None:
    once = reduced(f"{A}/{text}")
    assert reduced(once) == once
