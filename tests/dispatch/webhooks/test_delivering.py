"""Outgoing webhooks through real sockets, to the sandbox's receiver, which checks the signatures itself."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from adtarget.sandbox.server import Sandbox
from conversions import recording_joins
from conversions.choices import Source
from dispatch import claiming, pausing, sweeping
from dispatch.choices import Reason, SendStatus
from dispatch.models import Pixel, Send
from dispatch.webhooks import delivering, endpoints, outbox, signing, tasks
from dispatch.webhooks.choices import MessageStatus
from dispatch.webhooks.models import WebhookAttempt, WebhookEndpoint, WebhookMessage
from tests.factories import AccountFactory, ChannelFactory, LeadFactory, PixelFactory, SendFactory, VisitFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def sandbox(settings):
    settings.WEBHOOKS_ALLOW_PRIVATE = True
    settings.DISPATCH_ATTEMPT_SECONDS = 0.5
    with Sandbox() as running:
        yield running


@pytest.fixture
def endpoint(sandbox, account) -> WebhookEndpoint:
    made = endpoints.register(account=account, url=f"{sandbox.url}/webhooks/ours")
    sandbox.webhooks.secrets["ours"] = endpoints.secret_of(made)
    return made


@pytest.fixture
def message(endpoint) -> WebhookMessage:
    return outbox.tell_a_test(endpoint, now=timezone.now())


def tell(endpoint: WebhookEndpoint, *, after: timedelta = timedelta()) -> int:
    return delivering.deliver_messages(endpoint.pk, post=tasks.post, clock=lambda: timezone.now() + after)


def end_a_send(account, status=SendStatus.SENT, **changes) -> Send:
    channel = ChannelFactory(site__account=account)
    pixel = PixelFactory(site=channel.site)
    send = SendFactory(conversion__channel=channel, conversion__purchase=True, pixel=pixel, due=True)
    now = timezone.now()
    batch = claiming.claim(pixel=pixel, limit=9, max_age=timedelta(days=7), now=now)
    claiming.end(batch, status, now=now, **changes)
    return send


# ------------------------------------------------------------------ what is told
def test_a_sent_event_is_told_signed_in_the_words_of_the_api(sandbox, endpoint, account) -> None:
    send = end_a_send(account, sent_at=timezone.now())

    assert tell(endpoint) == 1

    (received,) = sandbox.events(platform="webhook")
    assert received["accepted"]  # the receiver checked the signature
    body = received["event"]["body"]
    assert (body["type"], body["data"]["sendId"], body["data"]["status"]) == ("send.sent", send.pk, "sent")
    assert (body["data"]["value"], body["data"]["currency"], body["data"]["test"]) == (49.9, "EUR", False)
    assert received["event_id"] == WebhookMessage.objects.get().pk


def test_a_failed_event_is_told_with_the_platforms_words(sandbox, endpoint, account) -> None:
    end_a_send(account, SendStatus.FAILED, reason=Reason.REJECTED, error_code="100", error_message="Invalid")

    tell(endpoint)

    data = sandbox.events(platform="webhook")[0]["event"]["body"]["data"]
    assert (data["status"], data["reason"], data["error"]) == (
        "failed",
        "rejected",
        {"code": "100", "message": "Invalid"},
    )


def test_a_pixels_pause_is_told_once(endpoint, account) -> None:
    pixel = PixelFactory(site__account=account)

    for _ in range(2):
        pausing.pause(pixel, code="190", message="The token has expired.", now=timezone.now())

    message = WebhookMessage.objects.get()
    assert (message.event, message.data["code"]) == ("pixel.paused", "190")


def test_a_join_that_awaits_its_value_is_told(endpoint, account) -> None:
    channel = ChannelFactory(site__account=account, event_type="Purchase", auto_fire=False)
    lead = LeadFactory(site=channel.site)

    conversion = recording_joins.record_conversion_from_join(
        channel=channel,
        lead=lead,
        visit=VisitFactory(site=channel.site),
        source=Source.TRACKER,
        now=timezone.now(),
    )

    message = WebhookMessage.objects.get()
    assert (message.event, message.data["conversionId"]) == ("conversion.awaiting_value", conversion.pk)


def test_an_event_that_grew_too_old_on_a_paused_pixel_is_told(endpoint, account) -> None:
    week_ago = timezone.now() - timedelta(days=8)
    channel = ChannelFactory(site__account=account)
    pixel = PixelFactory(site=channel.site)
    SendFactory(conversion__channel=channel, conversion__event_time=week_ago, pixel=pixel, due=True)
    Send.objects.update(attempts=1)
    Pixel.objects.update(paused_at=timezone.now())

    assert sweeping.settle_stranded(timezone.now()) == 1

    assert [message.data["reason"] for message in WebhookMessage.objects.all()] == ["expired"]


def test_another_account_and_other_events_are_not_told(sandbox, endpoint, account) -> None:
    WebhookEndpoint.objects.update(events=["pixel.paused"])
    endpoints.register(account=AccountFactory(), url=f"{sandbox.url}/webhooks/theirs")

    end_a_send(account, sent_at=timezone.now())

    assert not WebhookMessage.objects.exists()


def test_an_account_that_listens_to_nothing_costs_one_query(account, django_assert_num_queries) -> None:
    channel = ChannelFactory(site__account=account)
    send = SendFactory(conversion__channel=channel, pixel=PixelFactory(site=channel.site))

    with django_assert_num_queries(1):
        outbox.tell_of_sends([send], SendStatus.SENT, error={}, now=timezone.now())


# ------------------------------------------------------------------ how it is told
@pytest.mark.parametrize("kind", ["status", "hang", "reset", "redirect"])
def test_a_failure_is_tried_again_under_the_same_id(sandbox, endpoint, message, kind) -> None:
    sandbox.fault(kind=kind, times=1, params={"status": 500, "seconds": 1} if kind in ("status", "hang") else {})

    tell(endpoint)
    message.refresh_from_db()
    assert (message.status, message.failures) == (MessageStatus.PENDING, 1)
    assert tell(endpoint) == 0  # not before its time

    tell(endpoint, after=timedelta(seconds=6))
    message.refresh_from_db()
    assert (message.status, message.attempts) == (MessageStatus.SENT, 2)
    assert {event["event_id"] for event in sandbox.events(platform="webhook")} == {message.pk}
    assert sandbox.redirects_followed == 0


def test_the_schedule_ends_in_failed_and_a_retry_begins_it_anew(sandbox, endpoint, message, settings) -> None:
    settings.DISPATCH_RETRY_SCHEDULE = [timedelta(0)] * 2
    sandbox.fault(kind="status", params={"status": 500})

    assert tell(endpoint) == 3
    message.refresh_from_db()
    assert (message.status, message.last_answer) == (MessageStatus.FAILED, "HTTP 500")

    sandbox.faults.replace()
    delivering.retry_message(message, now=timezone.now())
    tell(endpoint)
    message.refresh_from_db()
    assert message.status == MessageStatus.SENT


def test_an_endpoint_that_is_gone_is_paused_and_its_messages_wait(sandbox, endpoint, message) -> None:
    sandbox.fault(kind="status", times=1, params={"status": 410})

    tell(endpoint)

    endpoint.refresh_from_db()
    assert endpoint.pause_message == "It answered 410 Gone."
    assert tell(endpoint) == 0
    delivering.resume(endpoint, now=timezone.now())
    tell(endpoint)
    message.refresh_from_db()
    assert message.status == MessageStatus.SENT


@pytest.mark.parametrize(("days", "is_paused"), [(4, False), (5, True)])
def test_five_days_without_a_success_pause_an_endpoint(sandbox, endpoint, message, days, is_paused) -> None:
    WebhookEndpoint.objects.update(failing_since=timezone.now() - timedelta(days=days))
    sandbox.fault(kind="status", params={"status": 500})

    tell(endpoint)

    endpoint.refresh_from_db()
    assert bool(endpoint.paused_at) is is_paused


def test_a_success_ends_a_time_of_failures(endpoint, message) -> None:
    WebhookEndpoint.objects.update(failing_since=timezone.now() - timedelta(days=9))

    tell(endpoint)

    endpoint.refresh_from_db()
    assert (endpoint.failing_since, endpoint.paused_at) == (None, None)


def test_a_message_whose_worker_was_lost_is_told_by_another_and_the_third_loss_ends_it(endpoint, message) -> None:
    for losses in range(3):
        claimed = delivering._claim(endpoint.pk, now=timezone.now() + timedelta(minutes=2 * losses))
        assert claimed.lost_leases == losses

    assert delivering._claim(endpoint.pk, now=timezone.now() + timedelta(minutes=9)) is None

    message.refresh_from_db()
    assert message.status == MessageStatus.FAILED


def test_a_late_worker_changes_nothing(endpoint, message) -> None:
    late = delivering._claim(endpoint.pk, now=timezone.now())
    tell(endpoint, after=timedelta(minutes=2))
    message.refresh_from_db()
    assert message.status == MessageStatus.SENT

    delivering._attempt(late, post=lambda *_: tasks.HttpAnswer(status=500), clock=timezone.now)

    message.refresh_from_db()
    assert message.status == MessageStatus.SENT


def test_both_secrets_sign_for_a_day_after_a_rotation(sandbox, endpoint, message) -> None:
    endpoints.rotate_secret(endpoint, now=timezone.now())

    tell(endpoint)  # the receiver still holds the former one

    assert sandbox.events(platform="webhook")[0]["accepted"]
    endpoint.refresh_from_db()
    assert len(endpoint.secrets(timezone.now() + timedelta(hours=25))) == 1


def test_a_private_target_that_slipped_in_is_not_connected_to(sandbox, endpoint, message, settings) -> None:
    settings.WEBHOOKS_ALLOW_PRIVATE = False

    tell(endpoint)

    assert not sandbox.events(platform="webhook")
    assert WebhookAttempt.objects.get().answer == "The host leads into a private network; nothing was sent."


def test_old_messages_are_deleted(message) -> None:
    assert delivering.purge(timezone.now() + timedelta(days=29)) == 0
    assert delivering.purge(timezone.now() + timedelta(days=31)) == 1


def test_the_documented_check_takes_ours_and_nothing_else(endpoint, message) -> None:
    """The Python of docs/webhooks.md, as it stands there."""
    text = (Path(__file__).resolve().parents[3] / "docs" / "webhooks.md").read_text()
    documented: dict = {}
    exec(text.split("```python\n")[1].split("```")[0], documented)
    body, secret = signing.encode(message.body), endpoints.secret_of(endpoint)
    headers = signing.sign(body, message_id=message.pk, at=timezone.now(), keys=[secret])

    assert documented["is_ours"](secret, headers, body)
    assert not documented["is_ours"](secret, headers, body + b" ")
    assert not documented["is_ours"](signing.new_secret(), headers, body)
