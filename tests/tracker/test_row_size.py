"""How much one page view may take on disk."""

import pytest

from tests.tracker.conftest import IPHONE
from tracker.models import Visit

pytestmark = pytest.mark.django_db
LONGEST = "x" * 2000
MOST_BYTES = 4600  # four kilobytes of what was told, and the row's own ids and times
FIELDS = (
    "externalUserId landingPage referrer fbp gclid gbraid wbraid ttclid ttp sccid scCookie1 utmSource utmMedium "
    "utmCampaign utmContent utmTerm country city region userAgent"
).split()


def size(visit: Visit) -> int:
    values = [getattr(visit, field.attname) for field in Visit._meta.concrete_fields]
    return sum(len(str(value).encode()) for value in values)


@pytest.mark.promise("S7")
@pytest.mark.parametrize(("letter", "words"), [("x", 500), ("ж", 300)])
def test_the_largest_page_view_takes_four_kilobytes(browser, letter, words) -> None:
    long = dict.fromkeys(FIELDS, letter * words) | dict.fromkeys(("gclid", "ttclid"), letter * 4 * words)
    pages = dict.fromkeys(("landingPage", "referrer"), f"https://acme.example/{letter * 3 * words}")
    visit = browser.visit(letter * 3 * words, **long | pages, fbc=f"fb.1.1700000000000.{'x' * 2000}")
    assert size(Visit.objects.get(pk=visit.pk)) <= MOST_BYTES


def test_a_click_id_of_two_kilobytes_is_kept_whole(browser) -> None:
    visit = browser.visit(f"?ttclid={LONGEST}", referrer=f"https://a.example/{LONGEST}", gclid="Cj0")
    assert (visit.ttclid, visit.gclid) == (LONGEST, "Cj0")


def test_a_new_click_has_room_before_an_old_one(browser) -> None:
    browser.visit(f"?ttclid={LONGEST}")
    visit = browser.visit(f"?gclid={LONGEST}")
    assert (visit.gclid, visit.ttclid) == (LONGEST, "")


def test_a_long_page_is_cut_before_its_click(browser) -> None:
    visit = browser.visit(f"{'p' * 2000}?fbclid={'x' * 1900}")
    assert visit.fbc.endswith("x" * 1900)
    assert visit.url.startswith("https://acme.example/ppp")


def test_a_long_user_agent_is_cut(browser) -> None:
    assert browser.visit(userAgent=f"{IPHONE} {LONGEST}").user_agent.startswith(IPHONE)
