"""Four sources of consent become the same answers; a no wins; nothing said stays nothing."""

import pytest

from adtarget.core.consent import Said, newest, read_said
from tests.core.consent.test_strings import listed_vendors, tc_string


def said(**given) -> Said:
    return read_said(given, at=5)[0]


def answers(one: Said) -> tuple[bool | None, bool | None, bool | None]:
    return one.ads, one.user_data, one.personalization


def test_our_own_call_is_taken_as_it_is() -> None:
    assert answers(said(ads=True, userData=False)) == (True, False, None)


def test_consent_mode_is_translated() -> None:
    mode = {"ad_storage": "granted", "ad_user_data": "denied", "analytics_storage": "granted"}
    assert answers(said(consentMode=mode)) == (True, False, None)


def test_a_tc_string_is_translated_as_google_does() -> None:
    assert answers(said(tcf=tc_string(consents={1, 7}))) == (True, True, False)
    assert answers(said(tcf=tc_string(consents={1, 3, 4}))) == (True, False, True)


def test_the_consent_for_google_as_a_vendor_is_kept() -> None:
    assert said(tcf=tc_string(consents={1}, vendors=listed_vendors(755))).google is True
    assert said(tcf=tc_string(consents={1})).google is False


def test_where_the_gdpr_does_not_apply_tcf_says_nothing() -> None:
    assert answers(said(tcf=tc_string(), gdprApplies=False)) == (None, None, None)


def test_a_no_of_any_source_wins() -> None:
    one = said(ads=True, consentMode={"ad_storage": "denied"})
    assert (one.ads, one.why["ads"]) == (False, "ad_storage is denied (Google Consent Mode).")


def test_an_opt_out_is_limited_use_and_no_refusal() -> None:
    one = said(gpp="DBABTA~1YYN")
    assert (one.limited, one.ads) == (True, None)


@pytest.mark.parametrize("name", ["tcf", "gpp"])
def test_a_string_that_cannot_be_read_is_told(name: str) -> None:
    one, unreadable = read_said({name: "?", "ads": True}, at=5)
    assert (unreadable, one.ads, dict(one.raw)) == ([name], True, {"ads": True})


def test_what_was_said_survives_being_kept() -> None:
    one = said(ads=True, gpp="DBABTA~1YYN", tcf=tc_string(consents={1}))
    assert Said.of_json(one.as_json()) == one


def test_nothing_said_is_kept_as_nothing() -> None:
    assert said().as_json() == {}


def test_the_latest_answer_counts() -> None:
    old, new = read_said({"ads": True}, at=1)[0], read_said({"ads": False}, at=2)[0]
    assert newest(new.as_json(), {}, old.as_json()).ads is False
    assert newest() == Said()
