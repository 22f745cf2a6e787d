"""Many values from one paste: what is right goes, what is wrong says why."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from conversions.models import Conversion
from leads.models import Channel
from tests.factories import ConversionFactory, LeadFactory


def paste(browser: Client, home: str, text: str, step: str = "preview"):
    return browser.post(f"{home}values/several/", {"text": text, "step": step})


@pytest.fixture
def purchases(channel: Channel) -> list[Conversion]:
    return ConversionFactory.create_batch(3, channel=channel, awaiting_value=True)


def problems_of(page) -> list[list[str]]:
    return [row.problems for row in page.context["rows"]]


def test_a_preview_changes_nothing(staff: Client, home: str, purchases: list[Conversion]) -> None:
    page = paste(staff, home, f"{purchases[0].pk},10,EUR")
    assert "1 ready, 0 with a problem" in page.text
    assert Conversion.objects.filter(awaiting_manual_input=True).count() == 3


def test_the_right_rows_are_submitted_and_the_wrong_left_out(
    staff: Client, home: str, purchases: list[Conversion]
) -> None:
    text = f"{purchases[0].pk},10,EUR\n{purchases[1].telegram_user_id},20,USD\n{purchases[2].pk},much,EUR\ncnv_no,1,EUR"
    page = paste(staff, home, text, step="submit")
    assert "2 submitted, 2 with a problem" in page.text
    assert set(Conversion.objects.filter(value__isnull=False).values_list("currency", flat=True)) == {"EUR", "USD"}


def test_each_bad_row_says_what_is_wrong(staff: Client, home: str, purchases: list[Conversion]) -> None:
    one, two, _ = purchases
    ConversionFactory(channel=two.channel, lead=two.lead, awaiting_value=True)
    text = f"{one.pk},10,EUR\n{one.pk},10,EUR\n{two.telegram_user_id},10,EUR\nnobody,0,XXX,ada"
    found = problems_of(paste(staff, home, text))
    assert found[0] == []
    assert found[1] == ["This conversion stands in an earlier row."]
    assert "2 conversions of this person" in found[2][0]
    assert [problem.partition(":")[0] for problem in found[3][1:]] == ["value", "currency", "E-mail"]


@pytest.mark.parametrize(
    "text",
    ["{id},10,EUR", "{id};10,00;EUR", "{id}\t10\tEUR", "\ufeffConversion ID;Amount;Currency\r\n{id};10;EUR\r\n",
     "currency,value,telegram_user_id\nEUR,10,{person}", '"{id}","10.00","eur",ada@example.com,+49301234567\n\n'],
)  # fmt: skip
def test_the_ways_people_write_rows(staff: Client, home: str, purchases: list[Conversion], text: str) -> None:
    page = paste(staff, home, text.format(id=purchases[0].pk, person=purchases[0].telegram_user_id))
    assert problems_of(page) == [[]]
    assert page.context["rows"][0].conversion == purchases[0]


def test_a_file_is_read_as_a_paste_is(staff: Client, home: str, purchases: list[Conversion]) -> None:
    file = SimpleUploadedFile("values.csv", f"\ufeff{purchases[0].pk},10,EUR".encode())
    assert "1 ready" in staff.post(f"{home}values/several/", {"file": file}).text
    latin = SimpleUploadedFile("values.csv", "é".encode("latin-1"))
    assert "not UTF-8" in staff.post(f"{home}values/several/", {"file": latin}).text


def test_submitting_the_same_rows_again_submits_nothing(staff: Client, home: str, purchases: list[Conversion]) -> None:
    text = f"{purchases[0].pk},10,EUR"
    paste(staff, home, text, step="submit")
    assert "0 submitted, 1 with a problem" in paste(staff, home, text, step="submit").text


def test_anothers_rows_are_as_if_they_did_not_exist(staff: Client, home: str, stranger_channel: Channel) -> None:
    theirs = ConversionFactory(
        channel=stranger_channel, awaiting_value=True, lead=LeadFactory(site=stranger_channel.site)
    )
    page = paste(staff, home, f"{theirs.pk},10,EUR\n{theirs.telegram_user_id},10,EUR", step="submit")
    assert problems_of(page) == [["No conversion of this id awaits a value."]] * 2
    theirs.refresh_from_db()
    assert theirs.awaiting_manual_input


def test_too_many_rows_are_refused_as_a_whole(staff: Client, home: str) -> None:
    assert "501 rows; 500 go at once" in paste(staff, home, "1,1,EUR\n" * 501).text


def test_an_empty_paste_says_what_to_do(staff: Client, home: str) -> None:
    assert "Paste rows or choose a file." in paste(staff, home, " \n").text
