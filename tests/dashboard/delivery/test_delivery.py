"""What was sent where, why not, and trying again."""

import pytest
from django.test import Client

from dispatch.choices import SendStatus
from dispatch.models import Send
from leads.choices import Role
from leads.models import AuditEntry, Channel
from tests.factories import AttemptFactory, ConversionFactory, PixelFactory, SendFactory


@pytest.fixture
def failed(channel: Channel) -> Send:
    send = SendFactory(conversion=ConversionFactory(channel=channel, cold=True), failed=True, error_message="bad em")
    AttemptFactory(send=send, refused=True, response='{"error": "<b>bad</b>"}')
    return send


def retry(browser: Client, home: str, *sends: str):
    return browser.post(f"{home}delivery/retry/", {"send": sends}, follow=True)


def test_a_failure_says_why_and_what_to_do(viewer: Client, home: str, failed: Send) -> None:
    page = viewer.get(f"{home}delivery/{failed.pk}/").text
    assert "Refused by the platform (100: bad em)" in page
    assert "correct the cause, then retry." in page
    assert "&lt;b&gt;bad&lt;/b&gt;" in page


def test_an_unknown_reason_is_shown(viewer: Client, home: str, failed: Send) -> None:
    Send.objects.filter(pk=failed.pk).update(reason="of_a_newer_release")
    assert "of_a_newer_release" in viewer.get(f"{home}delivery/{failed.pk}/").text
    assert "of_a_newer_release" in viewer.get(f"{home}delivery/").text


@pytest.mark.parametrize(
    ("pixel", "send", "why"),
    [
        ({"paused": True}, {"due": True}, "paused (190: The token was refused.)"),
        ({"breaker_open": True}, {"due": True}, "does not answer"),
        ({"inactive": True}, {"due": True}, "switched off"),
        ({}, {"waiting": True, "attempts": 1, "error_code": "2"}, "Attempt 1 did not succeed (2)"),
        ({}, {"claimed": True}, "in hand right now"),
        ({}, {"due": True}, "next in line"),
    ],
)
def test_a_waiting_send_says_what_it_waits_for(
    viewer: Client, home: str, channel: Channel, pixel: dict[str, bool], send: dict[str, object], why: str
) -> None:
    made = PixelFactory(site=channel.site, **pixel)
    SendFactory(conversion=ConversionFactory(channel=channel, cold=True), pixel=made, **send)
    (item,) = viewer.get(home + "delivery/").context["items"]
    assert why in item["advice"].why


def test_a_paused_pixels_send_says_what_to_correct(viewer: Client, home: str, channel: Channel) -> None:
    pixel = PixelFactory(site=channel.site, paused=True, pause_code="100/appsecret_proof")
    SendFactory(conversion=ConversionFactory(channel=channel, cold=True), pixel=pixel, due=True)
    (item,) = viewer.get(home + "delivery/").context["items"]
    assert "Enter the token and the app secret" in item["advice"].what


def test_a_retry_puts_it_on_its_way_again(signed_in, home: str, failed: Send) -> None:
    assert "1 on the way again" in retry(signed_in(Role.MANAGER), home, failed.pk).text
    failed.refresh_from_db()
    assert failed.status == SendStatus.PENDING
    assert AuditEntry.objects.get().actor == "manager-of-acme"


def test_what_is_sent_is_not_sent_again(owner: Client, home: str, failed: Send) -> None:
    sent = SendFactory(conversion=ConversionFactory(channel=failed.conversion.channel), sent=True)
    page = retry(owner, home, sent.pk, failed.pk).text
    assert "1 on the way again" in page
    assert "Sent already." in page
    sent.refresh_from_db()
    assert sent.status == SendStatus.SENT


@pytest.mark.parametrize("role", [Role.STAFF, Role.VIEWER])
def test_only_managers_retry(signed_in, home: str, failed: Send, role: Role) -> None:
    browser = signed_in(role)
    assert "Retry" not in browser.get(f"{home}delivery/{failed.pk}/").text.replace("Mend the cause, then retry", "")
    assert retry(browser, home, failed.pk).status_code == 403
    failed.refresh_from_db()
    assert failed.status == SendStatus.FAILED


def test_anothers_sends_are_not_found(owner: Client, home: str, failed: Send, stranger_channel: Channel) -> None:
    theirs = SendFactory(conversion=ConversionFactory(channel=stranger_channel, cold=True), failed=True)
    assert owner.get(f"{home}delivery/{theirs.pk}/").status_code == 404
    assert owner.get(f"{home}delivery/", {"pixel": theirs.pixel_id}).status_code == 404
    assert retry(owner, home, failed.pk, theirs.pk).status_code == 404
    assert {item["send"].pk for item in owner.get(home + "delivery/").context["items"]} == {failed.pk}
    theirs.refresh_from_db()
    assert theirs.status == SendStatus.FAILED


def test_filters_narrow_the_list(viewer: Client, home: str, failed: Send) -> None:
    channel = failed.conversion.channel
    tiktok = SendFactory(
        conversion=ConversionFactory(channel=channel, cold=True), pixel=PixelFactory(site=channel.site, tiktok=True)
    )
    asked = {
        failed.pk: [{"status": "failed"}, {"reason": "rejected"}, {"pixel": failed.pixel_id}, {"q": failed.pk}],
        tiktok.pk: [{"platform": "tiktok"}, {"q": str(tiktok.conversion.telegram_user_id)}, {"status": "pending"}],
    }
    for pk, filters in asked.items():
        for wanted in filters:
            items = viewer.get(f"{home}delivery/", wanted).context["items"]
            assert [item["send"].pk for item in items] == [pk], wanted


def test_pages_take_no_query_per_row(viewer: Client, home: str, channel: Channel, django_assert_num_queries) -> None:
    pixel = PixelFactory(site=channel.site)
    for conversion in ConversionFactory.create_batch(20, channel=channel, cold=True):
        send = SendFactory(conversion=conversion, pixel=pixel)
        AttemptFactory(send=send)
    viewer.get(home + "delivery/")
    with django_assert_num_queries(7):
        viewer.get(home + "delivery/")
    with django_assert_num_queries(6):
        viewer.get(f"{home}delivery/{send.pk}/")


def test_match_quality_is_told_for_each_pixel(
    viewer: Client, home: str, channel: Channel, stranger_pixel: object, django_assert_num_queries
) -> None:
    pixel = PixelFactory(site=channel.site)
    for pii in ({"email": "hash"}, {}):
        SendFactory(conversion=ConversionFactory(channel=channel, cold=True, pii=pii), pixel=pixel)
    viewer.get(home + "delivery/quality/")
    with django_assert_num_queries(6):
        (item,) = viewer.get(home + "delivery/quality/").context["pixels"]
    shares = {key: percent for key, _, percent in item.keys}
    assert (item.pixel, item.events) == (pixel, 2)
    assert (shares["e-mail"], shares["phone"], shares["Meta click id (fbc)"]) == (50, 0, 100)
    assert item.quality.missing[0][0] == "phone"
