"""Lists of what happened, their export, and one event with all that goes to the platforms."""

import csv
import io
import json
from datetime import UTC, datetime

import pytest
from django.test import Client

from adtarget.exports.spreadsheet import cell
from conversions.models import Conversion
from leads.models import Account, Channel
from tests.factories import ChannelFactory, ConversionFactory, LeadFactory, PixelFactory, SendFactory, VisitFactory


def listed(browser: Client, home: str, **filters: str) -> set[str]:
    page = browser.get(f"{home}conversions/", filters)
    return {item["conversion"].pk for item in page.context["items"]}


@pytest.fixture
def one_of_each_status(channel: Channel) -> dict[str, Conversion]:
    made = {status: ConversionFactory(channel=channel) for status in ("sent", "pending", "failed", "skipped")}
    SendFactory(conversion=made["sent"], failed=True)
    SendFactory(conversion=made["sent"], sent=True)
    SendFactory(conversion=made["pending"], due=True)
    SendFactory(conversion=made["pending"], failed=True)
    SendFactory(conversion=made["failed"], failed=True)
    SendFactory(conversion=made["failed"], skipped=True)
    return made


@pytest.mark.parametrize("status", ["sent", "pending", "failed", "skipped"])
def test_the_status_filter_agrees_with_what_the_rows_say(
    viewer: Client, home: str, one_of_each_status: dict[str, Conversion], status: str
) -> None:
    page = viewer.get(f"{home}conversions/", {"status": status})
    assert [(item["conversion"], item["status"]) for item in page.context["items"]] == [
        (one_of_each_status[status], status)
    ]


def test_filters_narrow_the_list(viewer: Client, home: str, channel: Channel) -> None:
    other = ConversionFactory(channel=ChannelFactory(site=channel.site), purchase=True, order_id="order-1")
    person = ConversionFactory(channel=channel, lead=LeadFactory(site=channel.site, telegram_username="ada"))
    both = {other.pk, person.pk}
    assert listed(viewer, home) == both
    assert listed(viewer, home, event_type="Purchase") == {other.pk}
    assert listed(viewer, home, channel=channel.pk) == {person.pk}
    assert listed(viewer, home, q="@ada") == listed(viewer, home, q=person.pk) == {person.pk}
    assert listed(viewer, home, q=str(person.telegram_user_id)) == {person.pk}
    assert listed(viewer, home, q="order-1") == {other.pk}
    assert listed(viewer, home, source="tracker") == set()


def test_days_are_the_viewers(viewer: Client, home: str, channel: Channel) -> None:
    late = ConversionFactory(channel=channel, attributed_at=datetime(2026, 5, 1, 23, 30, tzinfo=UTC))
    assert listed(viewer, home, since="2026-05-01", until="2026-05-01") == {late.pk}
    viewer.cookies["timezone"] = "Europe/Berlin"
    assert listed(viewer, home, since="2026-05-01", until="2026-05-01") == set()
    assert listed(viewer, home, since="2026-05-02", until="2026-05-02") == {late.pk}
    assert "2 May 2026, 01:30" in viewer.get(home + "conversions/").text


def test_anothers_ids_are_not_found_anywhere(viewer: Client, home: str, stranger_channel: Channel) -> None:
    theirs = ConversionFactory(channel=stranger_channel)
    assert viewer.get(f"{home}conversions/{theirs.pk}/").status_code == 404
    assert viewer.get(f"{home}conversions/", {"channel": stranger_channel.pk}).status_code == 404
    assert viewer.get(f"{home}conversions/", {"channel": stranger_channel.pk, "format": "csv"}).status_code == 404
    assert listed(viewer, home, q=theirs.pk) == set()


def test_the_export_holds_what_the_list_shows(viewer: Client, home: str, channel: Channel) -> None:
    ConversionFactory(channel=channel)
    purchase = ConversionFactory(channel=channel, purchase=True, external_user_id="=HYPERLINK(1)")
    answer = viewer.get(f"{home}conversions/", {"event_type": "Purchase", "format": "csv"})
    rows = list(csv.DictReader(io.StringIO(answer.getvalue().decode("utf-8-sig"))))
    assert [row["Conversion id"] for row in rows] == [purchase.pk]
    assert rows[0]["External id"] == "'=HYPERLINK(1)"
    assert "attachment" in answer.headers["Content-Disposition"]


def test_the_export_names_the_events_own_utms(viewer: Client, home: str, channel: Channel) -> None:
    visit = VisitFactory(site=channel.site, utm_source="visit", utm_term="word")
    ConversionFactory(channel=channel, visit=visit, utms={"utm_source": "event"})
    answer = viewer.get(f"{home}conversions/", {"format": "csv"})
    (row,) = csv.DictReader(io.StringIO(answer.getvalue().decode("utf-8-sig")))
    assert (row["UTM source"], row["UTM term"]) == ("event", "")


def test_the_page_shows_the_visits_utms(viewer: Client, home: str, channel: Channel) -> None:
    visit = VisitFactory(site=channel.site, utm_campaign="spring-sale")
    conversion = ConversionFactory(channel=channel, visit=visit)
    assert "spring-sale" in viewer.get(f"{home}conversions/{conversion.pk}/").text


def test_the_page_says_what_was_left_out(viewer: Client, home: str, channel: Channel) -> None:
    left_out = {"field": "fbp", "code": "invalid_fbp", "message": "fbp was left out: it is odd."}
    conversion = ConversionFactory(channel=channel, left_out=[left_out])
    assert left_out["message"] in viewer.get(f"{home}conversions/{conversion.pk}/").text


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(1)", " =1", "＝1", "\tx", "\rx", "\nx"])
def test_no_cell_is_a_formula(text: str) -> None:
    assert cell(text) == f"'{text}"


@pytest.mark.promise("S15")
@pytest.mark.parametrize("separator", [";", ",", "\t", "|", "\n"])
@pytest.mark.parametrize("formula", ["=1+1", "+1", "-1", "@SUM(1)", ' "=1', "＝1"])
def test_no_part_of_a_cell_is_a_formula(separator: str, formula: str) -> None:
    assert cell(f"a{separator}{formula}") == f"a{separator}'{formula}"


@pytest.mark.parametrize("text", ["2026-11-24T08:00:00+00:00", "a-b, c + d; e@f.example", "49.9", ""])
def test_harmless_cells_stay_as_they_are(text: str) -> None:
    assert cell(text) == text


def test_a_preview_is_what_the_platform_gets(viewer: Client, home: str, channel: Channel) -> None:
    PixelFactory(site=channel.site, pixel_id="777", credential="EAA-very-secret")
    conversion = ConversionFactory(channel=channel, cold=True, purchase=True, pii={"email": "ab" * 32})
    page = viewer.get(f"{home}conversions/{conversion.pk}/")
    (preview,) = page.context["previews"]
    (event,) = json.loads(preview.body)["data"]
    assert preview.url.endswith("/777/events")
    assert event["event_id"] == conversion.pk
    assert event["user_data"]["em"] == ["ab" * 32]
    assert event["custom_data"] == {"value": 49.9, "currency": "EUR"}
    assert "very-secret" not in page.text


def test_a_preview_says_why_there_can_be_none(viewer: Client, home: str, channel: Channel) -> None:
    PixelFactory(site=channel.site)
    signals = {"fbc": "fb.1.1700000000000.AbCdEf"}
    conversion = ConversionFactory(channel=channel, is_cold=True, api_visit_override=signals)
    page = viewer.get(f"{home}conversions/{conversion.pk}/")
    assert "No user agent" in page.context["previews"][0].problem


def test_a_full_list_takes_no_query_per_row(
    viewer: Client, home: str, account: Account, channel: Channel, django_assert_num_queries
) -> None:
    pixel = PixelFactory(site=channel.site)
    for conversion in ConversionFactory.create_batch(20, channel=channel, warm=True):
        SendFactory(conversion=conversion, pixel=pixel)
    viewer.get(home + "conversions/")
    with django_assert_num_queries(8):
        viewer.get(home + "conversions/")
    with django_assert_num_queries(8):
        viewer.get(f"{home}conversions/{conversion.pk}/")
