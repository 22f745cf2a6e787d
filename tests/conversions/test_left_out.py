"""One bad optional value is left out and named in the answer; the event goes on."""

import pytest

from conversions.models import Conversion
from dispatch.events import outgoing_event
from tests.api.conftest import CONVERSION

pytestmark = pytest.mark.django_db
HASH = "0123456789abcdef" * 4


def kept() -> Conversion:
    return Conversion.objects.select_related("visit", "site").get()


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"fbp": "fb.1.1116446470"}, "fbp", "invalid_fbp"),
        ({"fbc": "fb.1.1791990000123.IwAR0 bc"}, "fbc", "invalid_fbc"),
        ({"ttclid": "E.C.P." + "x" * 1000}, "ttclid", "invalid_ttclid"),
        ({"pii": {"email": "a..b@x.example"}}, "pii.email", "invalid_email"),
        ({"pii": {"email": "x@e..com"}}, "pii.email", "invalid_email"),
        ({"pii": {"email": "ada@x.example,"}}, "pii.email", "invalid_email"),
        ({"pii": {"phone": "not a phone"}}, "pii.phone", "invalid_phone"),
        ({"pii": {"firstName": "!!"}}, "pii.firstName", "invalid_name"),
    ],
)
def test_a_bad_value_is_left_out_and_told(accept, lead, meta_pixel, change, field, code) -> None:
    answer = accept({**lead, **change})
    assert [(warning["field"], warning["code"]) for warning in answer["warnings"]] == [(field, code)]
    assert field in answer["warnings"][0]["message"]
    assert answer["dispatched"]


def test_a_bad_click_id_reaches_no_platform(accept, lead) -> None:
    accept({**lead, "fbp": "fb.1.1116446470", "fbc": "fb.1.x.y"})
    event = outgoing_event(kept())
    assert (event.fbp, event.fbc) == ("", "")


def test_a_bad_email_is_not_hashed(accept, lead) -> None:
    accept({**lead, "pii": {"email": "x@e..com"}})
    assert kept().pii == {}


@pytest.mark.parametrize("change", [{}, {"fbp": ""}, {"pii": {"email": "", "phone": None}}, {"pii": {"email": " "}}])
def test_what_is_right_or_absent_is_not_warned_of(accept, lead, change) -> None:
    assert "warnings" not in accept({**lead, **change})


def test_a_warning_repeats_nothing_of_the_value(accept, lead) -> None:
    answer = accept({**lead, "pii": {"email": "ada.secret@x..com"}})
    assert "secret" not in str(answer["warnings"])


def test_the_conversion_keeps_its_warnings(api, accept, lead) -> None:
    answer = accept({**lead, "fbp": "1"})
    detail = api.get(f"/api/v1/conversions/{answer['conversionId']}").json()
    assert detail["warnings"] == answer["warnings"]


@pytest.mark.parametrize("appendix", [".AQ", ".AQECAwQF"])
@pytest.mark.parametrize("address", ["203.0.113.9", "2001:db8::1"])
def test_an_appendix_is_taken_off_an_address(accept, lead, address, appendix) -> None:
    accept({**lead, "clientIp": address + appendix})
    assert outgoing_event(kept()).client_ip == address


def test_an_appendix_is_taken_off_the_header(api, lead) -> None:
    api.post(CONVERSION, lead, headers={"X-Adtarget-Client-IP": "203.0.113.77.AQ"})
    assert outgoing_event(kept()).client_ip == "203.0.113.77"


@pytest.mark.parametrize("address", ["203.0.113.9.A", "203.0.113.9.AQE", "203.0.113.AQ"])
def test_another_ending_is_no_appendix(refuse, lead, address) -> None:
    refuse({**lead, "clientIp": address})


@pytest.mark.parametrize("appendix", ["", ".AQ", ".AQECAwQF"])
def test_a_hash_is_kept_for_every_contact(accept, lead, appendix) -> None:
    given = HASH + appendix
    pii = {"email": given, "phone": given, "firstName": given, "lastName": given}
    accept({**lead, "pii": pii, "externalUserId": given})
    event = outgoing_event(kept())
    assert {*kept().pii.values(), event.external_id} == {HASH}
    assert len(kept().pii) == 6


def test_a_hash_with_another_ending_is_an_email_that_is_none(accept, lead) -> None:
    assert accept({**lead, "pii": {"email": f"{HASH}.AQE"}})["warnings"][0]["code"] == "invalid_email"
