"""POST /backend/track/update-fbp: ids that the platforms' scripts made late."""

import pytest

from tests.tracker.conftest import Browser

pytestmark = pytest.mark.django_db
FBP = "fb.1.1700000000000.1116446470"


def test_a_late_fbp_reaches_the_latest_visit_only(browser) -> None:
    first, last = browser.visit(), browser.visit("second")
    assert browser.update(fbp=FBP).json() == {"success": True}
    for visit in (first, last):
        visit.refresh_from_db()
    assert (first.fbp, last.fbp) == ("", FBP)


def test_the_other_platforms_ids_may_come_late_too(browser) -> None:
    visit = browser.visit()
    browser.update(fbc="fb.1.1700000000000.AbC", ttp="tt", scCookie1="sc")
    visit.refresh_from_db()
    assert (visit.fbc, visit.ttp, visit.sc_cookie1) == ("fb.1.1700000000000.AbC", "tt", "sc")


def test_an_older_fbc_cookie_does_not_replace_the_click(browser) -> None:
    visit = browser.visit("?fbclid=New")
    browser.update(fbc="fb.1.1600000000000.Old")
    known = visit.fbc
    visit.refresh_from_db()
    assert visit.fbc == known


@pytest.mark.promise("S7")
def test_nobody_elses_visit_is_touched(browser, stranger_site) -> None:
    visit = browser.visit()
    other = Browser(browser.site, visitor="aaaaaaaa-6f0a-4d3c-8a52-1f2e3d4c5b6a")
    theirs = Browser(stranger_site, origin="https://stranger.example")
    assert [other.update(fbp=FBP).json(), theirs.update(fbp=FBP).json()] == [{"success": False}] * 2
    visit.refresh_from_db()
    assert visit.fbp == ""


@pytest.mark.parametrize(
    "ids", [{}, {"fbp": "made-up"}, {"fbp": "x" * 3000}, {"tempId": None, "fbp": FBP}, {"fbp": 7}, {"fbc": "fb.1.1"}]
)
def test_what_no_platform_would_take_is_refused(browser, ids) -> None:
    browser.visit()
    answer = browser.update(**ids)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "INVALID_PAYLOAD")


def test_an_unknown_site_is_refused(browser) -> None:
    assert browser.update(fbp=FBP, websiteId="atid_x").json()["error"]["code"] == "SITE_NOT_FOUND"


def test_the_id_stays_with_the_visitor(browser) -> None:
    browser.visit()
    browser.update(fbp=FBP)
    assert browser.visit("next").fbp == FBP
