"""Click ids and UTMs in the query of eventSourceUrl count as given, where the request names none."""

import pytest

from conversions.models import Conversion
from dispatch.events import outgoing_event
from dispatch.models import Send
from tests.factories import ConversionFactory, LeadFactory, PixelFactory, VisitFactory

pytestmark = pytest.mark.django_db
AT = 1_795_500_000_123
PAGE = "https://acme.example/join?"


def latest() -> Conversion:
    return Conversion.objects.select_related("visit", "site").latest_first().first()


@pytest.fixture
def event_of(accept, lead):
    """What the platforms get of an event whose request names no click id."""

    def post(query: str, **changes):
        bare = {name: value for name, value in lead.items() if name not in ("fbc", "fbp")}
        accept({**bare, "eventSourceUrl": PAGE + query, **changes})
        return outgoing_event(latest())

    return post


@pytest.mark.parametrize("name", ["gclid", "gbraid", "wbraid", "ttclid"])
def test_a_click_id_of_the_url_counts(event_of, name) -> None:
    assert getattr(event_of(f"a=1&{name}=AbC.-_9"), name) == "AbC.-_9"


def test_snapchats_click_id_is_written_anyhow(event_of) -> None:
    assert event_of("ScCid=ab-1").sccid == "ab-1"


def test_an_fbclid_becomes_an_fbc_of_the_events_time(event_of) -> None:
    assert event_of("fbclid=IwAR0abc", eventTime=AT).fbc == f"fb.1.{AT}.IwAR0abc"


@pytest.mark.parametrize("tail", ["?utm_source=fb", "%20x", "/", "%D1%8F", "%0A"])
def test_an_fbclid_is_cut_at_the_first_foreign_character(event_of, tail) -> None:
    assert event_of(f"fbclid=IwAR0abc{tail}", eventTime=AT).fbc == f"fb.1.{AT}.IwAR0abc"


def test_what_the_request_names_wins(event_of) -> None:
    event = event_of("gclid=FromUrl&fbclid=FromUrl", gclid="Named", fbc="fb.1.1791990000123.Named")
    assert (event.gclid, event.fbc) == ("Named", "fb.1.1791990000123.Named")


def test_google_is_scheduled_by_the_gclid_of_the_url(event_of, site) -> None:
    PixelFactory(google=True, site=site)
    event_of("gclid=AbC")
    assert Send.objects.count() == 1


def test_a_known_fbclid_keeps_its_first_fbc(event_of, channel, lead) -> None:
    visit = VisitFactory(site=channel.site, fbc="fb.1.1791990000123.IwAR0abc")
    person = LeadFactory(site=channel.site, telegram_user_id=lead["telegramUserId"])
    ConversionFactory(channel=channel, lead=person, visit=visit, event_type="Subscribe")
    assert event_of("fbclid=IwAR0abc", eventTime=AT).fbc == "fb.1.1791990000123.IwAR0abc"


def test_the_utms_of_the_url_are_kept(event_of) -> None:
    event_of("utm_source=fb&utm_campaign=Black+Friday&other=1")
    assert latest().utms == {"utm_source": "fb", "utm_campaign": "Black Friday"}


def test_a_repeated_event_takes_over_the_click_ids(event_of) -> None:
    event_of("")
    assert event_of("gclid=Later&utm_source=fb").gclid == "Later"
    assert Conversion.objects.count() == 1
