"""TC and GPP strings: those of the IAB's own examples, and ones made bit by bit."""

import base64

import pytest

from adtarget.core.consent import gpp, tcf

#: The example of the IAB's Consent String Specification: EU TCF and US privacy.
EU_AND_US = "DBACNY~CPXxRfAPXxRfAAfKABENB-CgAAAAAAAAAAYgAAAAAAAA~1YNN"


def packed(bits: str) -> str:
    octets = bits.ljust(-(-len(bits) // 24) * 24, "0")
    return base64.urlsafe_b64encode(int(octets, 2).to_bytes(len(octets) // 8, "big")).decode()


def numbers(*pairs: tuple[int, int]) -> str:
    return "".join(f"{value:0{width}b}" for value, width in pairs)


def tc_string(*, consents=(), interests=(), vendors: str = "", one: int = 0, version: int = 2) -> str:
    positions = ["".join("1" if n in granted else "0" for n in range(1, 25)) for granted in (consents, interests)]
    vendors = vendors or numbers((0, 16), (0, 1))
    return packed(numbers((version, 6)) + "0" * 146 + "".join(positions) + str(one) + "0" * 12 + vendors)


def listed_vendors(*vendors: int) -> str:
    field = "".join("1" if number in vendors else "0" for number in range(1, max(vendors) + 1))
    return numbers((max(vendors), 16), (0, 1)) + field


def ranges(*pairs: tuple[int, int]) -> str:
    entries = "".join(numbers((a != b, 1), (a, 16)) + (numbers((b, 16)) if a != b else "") for a, b in pairs)
    return numbers((1000, 16), (1, 1), (len(pairs), 12)) + entries


def test_purposes_stand_at_their_places() -> None:
    assert tcf.decode(tc_string(consents={1, 7})) == tcf.Purposes(True, False, True, False)
    assert tcf.decode(tc_string(consents={3, 4})) == tcf.Purposes(False, True, False, False)
    assert tcf.decode(tc_string(consents={3})).profiles is False


def test_measuring_may_rest_on_legitimate_interest() -> None:
    assert tcf.decode(tc_string(interests={7})).measuring


def test_storage_that_is_not_asked_for_is_not_refused() -> None:
    assert tcf.decode(tc_string(one=1)).storage


@pytest.mark.parametrize(
    ("vendors", "granted"),
    [
        (listed_vendors(1, 755), True),
        (listed_vendors(754, 756), False),
        (listed_vendors(10), False),
        (ranges((1, 1), (700, 800)), True),
        (ranges((755, 755)), True),
        (ranges((1, 754), (756, 900)), False),
    ],
)
def test_a_vendor_is_found_in_both_encodings(vendors: str, granted: bool) -> None:
    assert tcf.decode(tc_string(vendors=vendors)).google is granted


@pytest.mark.parametrize(
    "text", ["", "x", "C", "не строка", "BOEFEAyOEFEAyAHABDENAI4AAAB9vABAASA", tc_string(version=3)]
)
def test_other_text_is_no_tc_string(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        tcf.decode(text)


def test_a_tc_string_may_have_further_segments() -> None:
    assert tcf.decode(tc_string(consents={1}) + ".IBAgAAAgAIAwgAgAAAAEAAAACA").storage


def test_the_sections_of_the_iabs_example_are_found() -> None:
    assert gpp.decode(EU_AND_US) == gpp.Sections("CPXxRfAPXxRfAAfKABENB-CgAAAAAAAAAAYgAAAAAAAA", opted_out=False)


@pytest.mark.parametrize(
    ("header", "section", "bits", "opted_out"),
    [
        ("DBABLA", 7, [0] * 6 + [2, 2, 2], False),
        ("DBABLA", 7, [0] * 6 + [1, 2, 2], True),
        ("DBABLA", 7, [0] * 6 + [2, 2, 1], True),
        ("DBABLA", 7, [1] * 6 + [0, 0, 0], False),  # notices are no opt-outs
        ("DBABBg", 8, [0] * 3 + [2, 1], True),
        ("DBABBg", 8, [1] * 3 + [2, 2], False),
    ],
)
def test_an_opt_out_stands_behind_the_notices(header: str, section: int, bits: list[int], opted_out: bool) -> None:
    body = packed(numbers((1, 6), *((value, 2) for value in bits), (0, 40)))
    assert gpp.decode(f"{header}~{body}").opted_out is opted_out


def test_a_global_privacy_control_signal_is_an_opt_out() -> None:
    body = packed(numbers((1, 6), *[(2, 2)] * 9, (0, 40)))
    assert gpp.decode(f"DBABLA~{body}.{packed('011')}").opted_out is True
    assert gpp.decode(f"DBABLA~{body}.{packed('010')}").opted_out is False


@pytest.mark.parametrize(("text", "opted_out"), [("1YYN", True), ("1YNN", False), ("1---", False)])
def test_the_us_privacy_string_is_read(text: str, opted_out: bool) -> None:
    assert gpp.decode(f"DBABTA~{text}").opted_out is opted_out


@pytest.mark.parametrize("text", ["", "~", "DBABMA", "DBACNY~1YNN", "DBABTA~9YNN", "DBABLA~B", "QQQQ~1", "DB//~1"])
def test_other_text_is_no_gpp_string(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        gpp.decode(text)
