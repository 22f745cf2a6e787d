"""What ops may ask of sends, and what they are told when the answer is no."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.utils import timezone

from adtarget.core import doorbell
from conversions.models import Conversion
from dispatch import replaying
from dispatch.choices import Priority, Reason, SendStatus
from dispatch.models import Send
from dispatch.replaying import Order
from leads.models import AuditEntry
from tests.factories import ConversionFactory, PixelFactory, SendFactory

pytestmark = pytest.mark.django_db


def retry(**sends):
    return replaying.retry(Send.objects.filter(**sends), actor="ada", now=timezone.now())


def replay(**sends):
    return replaying.replay(Send.objects.filter(**sends), actor="ada", now=timezone.now())


def cancel(**sends):
    return replaying.cancel(Send.objects.filter(**sends), actor="ada", now=timezone.now())


@pytest.mark.promise("R13")
def test_a_failed_send_is_due_again_with_its_whole_schedule_and_the_same_event() -> None:
    send = SendFactory(failed=True, failures=13, lost_leases=2)
    assert retry().done == 1
    again = Send.objects.due(timezone.now()).get()
    assert (again.pk, again.conversion_id) == (send.pk, send.conversion_id)
    assert (again.reason, again.failures, again.lost_leases, again.priority) == ("", 0, 0, Priority.RETRY)


@pytest.mark.promise("R13")
def test_a_replay_goes_after_everything_else() -> None:
    SendFactory(skipped=True)
    replay()
    assert Send.objects.get().priority == Priority.REPLAY


def test_a_retry_brings_a_waiting_send_forward_and_keeps_its_count() -> None:
    SendFactory(waiting=True, failures=4)
    assert retry().done == 1
    send = Send.objects.due(timezone.now()).get()
    assert send.failures == 4


def test_a_cancelled_send_is_skipped_and_can_be_replayed() -> None:
    SendFactory(waiting=True)
    assert cancel().done == 1
    assert Send.objects.get().reason == Reason.CANCELLED
    assert replay().done == 1
    assert Send.objects.get().status == SendStatus.PENDING


@pytest.mark.parametrize(
    ("order", "situation", "why"),
    [
        (retry, {"sent": True}, "Sent already."),
        (replay, {"sent": True}, "Sent already."),
        (cancel, {"sent": True}, "Sent already."),
        (retry, {"claimed": True}, "A worker has it"),
        (cancel, {"claimed": True}, "A worker has it"),
        (retry, {"overdue": True}, "It is due already"),
        (replay, {"waiting": True}, "It is on its way already."),
        (cancel, {"failed": True}, "It has ended already"),
        (replay, {"skipped": True, "reason": Reason.ERASED}, "The person was erased."),
        (replay, {"failed": True, "pixel__is_active": False}, "Its pixel is switched off."),
        (replay, {"skipped": True, "conversion__is_test": True}, "A test event"),
    ],
)
def test_what_makes_no_sense_is_left_alone_with_a_reason(order, situation, why) -> None:
    SendFactory(**situation)
    before = Send.objects.values().get()
    outcomes = order()
    assert outcomes.done == 0
    assert [text.startswith(why) for text in outcomes.refused] == [True]
    assert Send.objects.values().get() == before


@pytest.mark.promise("R13")
def test_an_event_too_old_for_its_platform_is_refused_and_says_so() -> None:
    old = ConversionFactory(cold=True, event_time=timezone.now() - timedelta(days=7, seconds=1))
    SendFactory(failed=True, conversion=old)
    google = PixelFactory(google=True, site=old.site)
    SendFactory(failed=True, conversion=old, pixel=google)
    outcomes = replay()
    assert list(outcomes.refused) == ["Older than the 7 days Meta takes."]
    assert Send.objects.open().get().pixel == google


@pytest.mark.parametrize(("minutes", "is_refused"), [(47 * 60 + 49, False), (47 * 60 + 51, True)])
def test_a_try_that_may_have_counted_is_not_repeated_outside_the_window(minutes, is_refused) -> None:
    SendFactory(failed=True, uncertain_since=timezone.now() - timedelta(minutes=minutes))
    assert (retry().left == 1) is is_refused


def test_a_test_event_is_replayed_to_a_test_pixel() -> None:
    SendFactory(failed=True, conversion__is_test=True, pixel__options={"testPixel": True})
    assert replay().done == 1


@pytest.mark.promise("S21")
def test_each_account_finds_its_own_sends_in_the_audit_log() -> None:
    first, second = SendFactory(failed=True), SendFactory(failed=True)
    SendFactory(sent=True)
    retry()
    entries = AuditEntry.objects.order_by("pk").values_list("account", "actor", "action", "details")
    assert sorted(entries) == sorted(
        (send.conversion.account_id, "ada", "send.retry", {"sends": [send.pk]}) for send in (first, second)
    )


def test_the_doorbell_rings_once_a_pixel_after_commit(monkeypatch, django_capture_on_commit_callbacks) -> None:
    pixel, rung = PixelFactory(), []
    monkeypatch.setattr(doorbell, "call", lambda _task, pixel_id: rung.append(pixel_id))
    for _ in range(3):
        SendFactory(failed=True, conversion=ConversionFactory(site=pixel.site), pixel=pixel)
    with django_capture_on_commit_callbacks(execute=True):
        retry()
        assert rung == []
    assert rung == [pixel.pk]


def test_thousands_take_a_few_statements_each_thousand(django_assert_max_num_queries) -> None:
    first = SendFactory(failed=True)
    origin = first.conversion
    same = {name: getattr(origin, name) for name in ("channel", "site", "account", "lead")}
    conversions = Conversion.objects.bulk_create(ConversionFactory.build(**same) for _ in range(2500))
    Send.objects.bulk_create(SendFactory.build(failed=True, conversion=one, pixel=first.pixel) for one in conversions)
    with django_assert_max_num_queries(3 * 9):
        assert replay().done == 2501


def test_examining_changes_nothing() -> None:
    SendFactory(failed=True)
    SendFactory(sent=True)
    outcomes = replaying.examine(Order.REPLAY, Send.objects.all(), now=timezone.now())
    assert (outcomes.done, outcomes.left) == (1, 1)
    assert Send.objects.open().count() == 0


class TestCommand:
    def run(self, *arguments: str) -> str:
        output = StringIO()
        call_command("replay_sends", *arguments, stdout=output)
        return output.getvalue()

    def test_it_replays_what_matches_every_filter(self) -> None:
        wanted = SendFactory(failed=True, reason=Reason.EXHAUSTED)
        SendFactory(failed=True, reason=Reason.REJECTED)
        SendFactory(failed=True, reason=Reason.EXHAUSTED, pixel__tiktok=True)
        SendFactory(failed=True, reason=Reason.EXHAUSTED, created_at=timezone.now() - timedelta(days=3))
        since = (timezone.now() - timedelta(days=1)).isoformat()
        output = self.run("--platform", "meta", "--reason", "exhausted", "--status", "failed", "--since", since)
        assert output.startswith("1 will be sent again")
        assert Send.objects.open().get() == wanted

    def test_a_pixel_is_named_by_our_id_or_the_platforms(self) -> None:
        first, second = SendFactory(failed=True), SendFactory(failed=True)
        self.run("--pixel", first.pixel_id)
        self.run("--pixel", second.pixel.pixel_id)
        assert Send.objects.open().count() == 2

    def test_a_dry_run_only_tells(self) -> None:
        SendFactory(failed=True)
        SendFactory(skipped=True, reason=Reason.ERASED)
        assert "1 would be sent again, 1 would be left" in self.run("--dry-run")
        assert Send.objects.open().count() == AuditEntry.objects.count() == 0
