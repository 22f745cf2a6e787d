"""Parsers of what strangers send: a value or a refusal for every input, and never anything else."""

import contextlib
import json
import re
from datetime import UTC, datetime
from decimal import Decimal
from http.cookies import CookieError

import pytest
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from adtarget.api import parsing
from adtarget.core import client_context, errors
from conversions import hashing
from dispatch import page_urls
from tests.fuzz.effort import effort
from tests.fuzz.inputs import NUMBERS, bodies, texts
from tracker import click_ids, origins
from tracker.telegram import updates

pytestmark = [pytest.mark.fuzz, pytest.mark.xdist_group("fuzz")]

NOW = datetime(2026, 11, 24, tzinfo=UTC)


@effort(200)
@given(body=bodies({"a": 1, "b": {"c": "d"}}))
def test_the_json_parser_gives_an_object_or_refuses(body: bytes) -> None:
    request = RequestFactory().post("/", body, content_type="application/json")
    with contextlib.suppress(errors.InvalidPayload, errors.UnsupportedMediaType):
        assert isinstance(parsing.read_json(request), dict)


@pytest.mark.parametrize("number", NUMBERS)
def test_a_number_is_read_exactly_or_refused(number: str) -> None:
    request = RequestFactory().post("/", f'{{"value": {number}}}', content_type="application/json")
    try:
        value = parsing.read_json(request)["value"]
    except errors.InvalidPayload:
        return
    assert Decimal(value) == Decimal(number)


@effort(300)
@given(url=texts | texts.map("https://acme.example/?{}".format) | texts.map("https://{}/".format))
def test_a_reduced_address_keeps_no_personal_parameter(url: str) -> None:
    reduced = page_urls.reduced(f"{url}&email=ada@acme.example" if "?" in url else url)
    assert "email=" not in reduced
    assert page_urls.reduced(reduced) == reduced


@effort(200)
@given(address=texts, given_=texts, known=texts)
def test_click_ids_of_an_address_are_text(address: str, given_: str, known: str) -> None:
    found = click_ids.in_address(address) | click_ids.in_query(address)
    assert all(isinstance(value, str) and "\0" not in value for value in found.values())
    fbc = click_ids.choose_fbc(fbclid=address, given=given_, known=known, now=NOW)
    assert isinstance(fbc, str)


@effort(200)
@given(text=texts | texts.map("https://{}".format))
def test_the_host_of_a_page_is_text(text: str) -> None:
    assert isinstance(origins.host_of(text), str)


@effort(200)
@given(cookie=texts)
def test_cookies_are_read_or_left_out(cookie: str) -> None:
    request = RequestFactory().get("/", headers={"Cookie": cookie.encode(errors="replace").decode("latin-1")})
    try:
        assert all(isinstance(value, str) for value in request.COOKIES.values())
    except CookieError:  # pragma: no cover
        pytest.fail("Django's parser refused a cookie")


@effort(200)
@given(hops=texts, peer=texts)
def test_an_address_for_limits_is_always_found(hops: str, peer: str) -> None:
    request = RequestFactory().get("/", REMOTE_ADDR=peer, headers={"X-Forwarded-For": hops})
    assert client_context.limit_group(client_context.peer_address(request))


@effort(200)
@given(text=texts, region=st.sampled_from(["", "DE", "US", "??"]))
def test_contacts_are_normalised_or_left_out(text: str, region: str) -> None:
    for rule in (hashing.name, hashing.external_id, hashing.email):
        assert isinstance(rule(text), str)
    assert re.fullmatch(r"(\+[0-9]{2,20})?|[0-9a-f]{64}", hashing.phone_e164(text, region))


@effort(200)
@given(update=st.recursive(st.none() | st.integers() | texts, lambda inner: st.dictionaries(texts, inner, max_size=4)))
def test_an_update_is_understood_or_ignored(update: object) -> None:
    updates.parse(update)
    json.dumps(updates.without_personal_data(update)).encode()
