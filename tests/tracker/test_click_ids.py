"""Click ids out of addresses, and Meta's fbc."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch import page_urls
from dispatch.platforms import registry
from tracker import click_ids

NOW = datetime(2026, 10, 14, 12, tzinfo=UTC)
NOW_MS = 1791979200000


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("fbclid=IwAR0aBc-_dEf", {"fbclid": "IwAR0aBc-_dEf"}),
        ("gclid=Cj0K&gbraid=0AAA&wbraid=CjkK", {"gclid": "Cj0K", "gbraid": "0AAA", "wbraid": "CjkK"}),
        ("ttclid=E.C.P.v1", {"ttclid": "E.C.P.v1"}),
        ("ScCid=aBc-1", {"sccid": "aBc-1"}),
        ("sccid=aBc-1", {"sccid": "aBc-1"}),
        ("utm_source=Face+Book&utm_term=a%20b", {"utm_source": "Face Book", "utm_term": "a b"}),
        ("gclid=a%2Bb", {"gclid": "a+b"}),  # decoded
        ("gclid=a%252Bb", {"gclid": "a%2Bb"}),  # once
        ("gclid=a+b", {"gclid": "a+b"}),  # an opaque id has no spaces
        ("gclid=first&gclid=second", {"gclid": "first"}),
        ("gclid=&ttclid=x", {"ttclid": "x"}),
        ("gclid=a%00b", {}),
        ("fbclid=IwAR0abc?utm_source=fb", {"fbclid": "IwAR0abc", "utm_source": "fb"}),
        ("utm_source=fb?fbclid=IwAR0abc", {"fbclid": "IwAR0abc", "utm_source": "fb"}),
        ("fbclid=IwAR0abc%3Futm_source%3Dfb", {"fbclid": "IwAR0abc"}),
        ("fbclid=IwAR0abc%20x", {"fbclid": "IwAR0abc"}),
        ("fbclid=IwAR0abc%0A", {"fbclid": "IwAR0abc"}),
        ("fbclid=IwAR0abc/", {"fbclid": "IwAR0abc"}),
        ("fbclid=%D1%8F", {}),
        ("utm_content=Why?", {"utm_content": "Why?"}),
        ("gclid=" + "x" * 2048, {"gclid": "x" * 2048}),
        ("gclid=" + "x" * 2049, {}),
        ("utm_source=" + "x" * 513, {}),
        ("id=7&q=gclid", {}),
    ],
)
def test_ids_are_read_from_an_address_verbatim(query, expected) -> None:
    assert click_ids.in_address(f"https://acme.example/join?{query}#top") == expected


@given(st.text(max_size=300))
def test_no_address_breaks_the_reader(address) -> None:
    for value in click_ids.in_address(address).values():
        assert value
        assert "\0" not in value


def test_the_click_parameter_of_each_platform_stays_in_urls() -> None:
    for name in registry.parameters():
        assert page_urls.reduced(f"https://acme.example/?{name}=x") == f"https://acme.example/?{name}=x"


def test_a_new_fbclid_makes_an_fbc_of_now() -> None:
    assert click_ids.choose_fbc(fbclid="AbC", given="", known="", now=NOW) == f"fb.1.{NOW_MS}.AbC"


@pytest.mark.parametrize(
    ("given_fbc", "known", "expected"),
    [
        ("fb.1.1700000000000.AbC", "", "fb.1.1700000000000.AbC"),
        ("fb.2.1700000000000.AbC.AQYBAQIA", "", "fb.2.1700000000000.AbC.AQYBAQIA"),  # Meta's appendix
        ("", "fb.1.1700000000000.AbC", "fb.1.1700000000000.AbC"),
        ("fb.1.1700000000001.AbC", "fb.1.1700000000000.AbC", "fb.1.1700000000001.AbC"),  # as the browser sends it
        ("fb.1.1700000000000.Other", "fb.1.1700000000000.Another", f"fb.1.{NOW_MS}.AbC"),
        ("fb.1.1700000000000.abc", "", f"fb.1.{NOW_MS}.AbC"),  # case matters
        ("fb.1.1700000000.AbC.AQ", "nonsense", "fb.1.1700000000.AbC.AQ"),
        ("fb.1.1700000000.AbC.", "nonsense", f"fb.1.{NOW_MS}.AbC"),  # Meta refuses the whole request
    ],
)
def test_the_same_fbclid_keeps_its_fbc(given_fbc, known, expected) -> None:
    assert click_ids.choose_fbc(fbclid="AbC", given=given_fbc, known=known, now=NOW) == expected


@pytest.mark.parametrize(
    ("given_fbc", "known", "expected"),
    [
        ("fb.1.1700000000000.Old", "fb.1.1700000000001.New", "fb.1.1700000000001.New"),
        ("fb.1.1700000000001.New", "fb.1.1700000000000.Old", "fb.1.1700000000001.New"),
        ("fb.1.1700000000000.AbC.AQ", "fb.1.1700000000000.AbC", "fb.1.1700000000000.AbC.AQ"),
        ("fb.1.1700000000000.", "", ""),  # without its fourth part Meta refuses the whole request
        ("fb.1.1700000000000", "", ""),
        ("AbC", "", ""),
        ("fb.1.1700000000000.fb.1.1600000000000.AbC", "", ""),
        ("fb.1.1700000000000.AbC%20", "fb.1.1600000000000.Old", "fb.1.1600000000000.Old"),
        ("fb.1.1700000000000.AbC?utm_source=fb", "", ""),
        ("fb.1.1700000000000.AbC/", "", ""),
    ],
)
def test_without_an_fbclid_the_younger_click_wins(given_fbc, known, expected) -> None:
    assert click_ids.choose_fbc(fbclid="", given=given_fbc, known=known, now=NOW) == expected


def test_an_fbclid_too_long_for_an_fbc_is_left_out() -> None:
    assert click_ids.choose_fbc(fbclid="x" * 2040, given="", known="", now=NOW) == ""


@pytest.mark.parametrize(
    ("new", "old", "expected"),
    [
        ({"gclid": "2"}, {"gclid": "1", "gbraid": "b", "ttclid": "t"}, {"gclid": "2", "ttclid": "t"}),
        ({"wbraid": "w"}, {"gclid": "1"}, {"wbraid": "w"}),
        ({"fbp": "new"}, {"fbp": "old", "ttp": "p", "fbc": "c"}, {"fbp": "new", "ttp": "p", "fbc": "c"}),
        ({}, {"sccid": "s"}, {"sccid": "s"}),
    ],
)
def test_a_click_replaces_those_of_its_platform_only(new, old, expected) -> None:
    assert click_ids.combine(new=new, old=old) == expected


def test_a_later_platforms_parameter_is_known_everywhere(monkeypatch) -> None:
    later = registry.ClickId(field="later", name="Later click id", parameter="laterid")
    monkeypatch.setitem(registry.PLATFORMS, "later", SimpleNamespace(click_ids=(later,), kept_parameters={}))
    url = "https://acme.example/?utm_source=p?laterid=x"
    assert page_urls.parameters("utm_source=p?laterid=x") == ["utm_source=p", "laterid=x"]
    assert page_urls.reduced(url) == "https://acme.example/?utm_source=p&laterid=x"
