"""Ops look for a send, read what happened and act, over one or over everything that matches."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse
from django.utils import timezone

from dispatch.choices import Priority, Reason, SendStatus
from dispatch.models import Send
from leads.models import AuditEntry
from tests.factories import AttemptFactory, ConversionFactory, PixelFactory, SendFactory, UserFactory

pytestmark = pytest.mark.django_db

SENDS = "/admin/dispatch/send/"


def found(ops, query: str) -> set[str]:
    return {send.pk for send in ops.get(SENDS + query).context["cl"].result_list}


def act(client, action: str, *sends: Send, query: str = "", **form: str):
    data = {"action": action, "_selected_action": [send.pk for send in sends], **form}
    return client.post(SENDS + query, data, follow=True)


@pytest.mark.parametrize(
    "term",
    ["{send.pk}", "{conversion.pk}", "{conversion.telegram_user_id}", "A-17", "@neo", "crm-5", " {conversion.pk} "],
)
def test_a_send_is_found_by_whatever_one_has(ops, term) -> None:
    conversion = ConversionFactory(
        cold=True, order_id="A-17", lead__telegram_username="neo", lead__external_user_id="crm-5"
    )
    send = SendFactory(conversion=conversion)
    SendFactory()
    assert found(ops, f"?q={term.format(send=send, conversion=conversion)}") == {send.pk}


def test_the_questions_find_what_they_ask_for(ops) -> None:
    now = timezone.now()
    overdue, failing = SendFactory(overdue=True), SendFactory(waiting=True, failures=3)
    failed, failed_long_ago = SendFactory(failed=True), SendFactory(failed=True, created_at=now - timedelta(days=3))
    retried_today = SendFactory(failed=True, created_at=now - timedelta(days=2))
    AttemptFactory(send=retried_today)
    AttemptFactory(send=failed_long_ago, started_at=now - timedelta(days=3))
    held = SendFactory(waiting=True, pixel__paused=True)
    slow = AttemptFactory(send__sent=True, duration_ms=3500).send
    assert found(ops, "?question=stuck") == {overdue.pk, failing.pk}
    assert found(ops, "?question=failed") == {failed.pk, retried_today.pk}
    assert found(ops, "?question=token") == {held.pk}
    assert found(ops, "?question=slow") == {slow.pk}


def test_the_page_tells_each_attempt_in_plain_words(ops) -> None:
    send = SendFactory(failed=True, error_code="100/2804003")
    AttemptFactory(
        send=send,
        refused=True,
        code="100/2804003",
        trace_id="AbC-trace",
        request={"event_name": "<b>Lead</b>"},
        response='{"error":{"code":100}}',
    )
    page = ops.get(f"{SENDS}{send.pk}/change/").content.decode()
    assert "Meta takes events of the last seven days only" in page
    assert "AbC-trace" in page
    assert "&quot;code&quot;: 100" in page
    assert "<b>Lead</b>" not in page


def test_a_retry_asks_first_and_then_does(ops) -> None:
    send = SendFactory(failed=True)
    question = act(ops, "retry", send)
    assert "1 will be tried again." in question.content.decode()
    assert Send.objects.open().count() == 0
    act(ops, "retry", send, confirmed="yes")
    assert Send.objects.open().get().priority == Priority.RETRY
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.action, entry.client_ip) == ("ada", "send.retry", "198.51.100.9")


def test_everything_that_matches_the_filter_is_replayed_and_nothing_else(ops) -> None:
    wanted = [SendFactory(failed=True, reason=Reason.EXHAUSTED) for _ in range(3)]
    SendFactory(failed=True, reason=Reason.REJECTED)
    act(ops, "replay", wanted[0], query="?reason__exact=exhausted", select_across="1", confirmed="yes")
    assert set(Send.objects.open()) == set(wanted)


def test_the_report_names_who_was_left_alone_and_why(ops) -> None:
    sent, waiting = SendFactory(sent=True), SendFactory(waiting=True)
    answer = act(ops, "cancel", sent, waiting, confirmed="yes")
    messages = [str(message) for message in answer.context["messages"]]
    assert messages == ["1 cancelled.", f"1 left alone. Sent already. ({sent.pk})"]
    assert Send.objects.get(pk=waiting.pk).reason == Reason.CANCELLED


def test_a_button_on_the_page_leads_back_to_the_page(ops) -> None:
    send = SendFactory(failed=True)
    answer = act(ops, "retry", send, confirmed="yes", from_page="1")
    assert answer.redirect_chain == [(reverse("admin:dispatch_send_change", args=[send.pk]), 302)]


def test_who_may_only_look_has_no_actions(ops, client) -> None:
    looker = UserFactory(is_staff=True)
    looker.user_permissions.add(Permission.objects.get(codename="view_send"))
    client.force_login(looker)
    send = SendFactory(failed=True)
    assert client.get(SENDS).status_code == 200
    act(client, "retry", send, confirmed="yes")
    assert Send.objects.get().status == SendStatus.FAILED


def test_a_paused_pixel_explains_why_its_send_waits(ops) -> None:
    send = SendFactory(waiting=True, pixel=PixelFactory(paused=True))
    page = ops.get(f"{SENDS}{send.pk}/change/").content.decode()
    assert "Its pixel is paused: The token was refused." in page
