"""Accepted and counted are two things: what Google says later comes onto the attempts, through real sockets."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone

from adtarget.sandbox.server import Sandbox
from dispatch import batches, credentials, diagnostics, explaining, queries, tasks
from dispatch.choices import Counted, SendStatus
from dispatch.models import Attempt, Receipt, Send
from dispatch.platforms.registry import PLATFORMS
from tests.factories import ApiKeyFactory, ConversionFactory, PixelFactory, SendFactory, SiteFactory
from tests.factories.leads import SECRET

pytestmark = pytest.mark.django_db


@pytest.fixture
def sandbox(settings):
    cache.clear()
    credentials.EXCHANGED.clear()
    with Sandbox() as running:
        settings.PLATFORM_API_URLS = dict.fromkeys(PLATFORMS, running.url)
        settings.GOOGLE_OAUTH_URL = f"{running.url}/token"
        settings.DISPATCH_DIAGNOSIS_SECONDS = 0
        yield running


def deliver(*gclids: str, **values) -> list[Send]:
    site = SiteFactory()
    pixel = PixelFactory(
        site=site,
        platform="google",
        options={"conversionActions": {"Lead": "7654321"}},
        credential='{"clientId": "c", "clientSecret": "s", "refreshToken": "good"}',
    )
    sends = [
        SendFactory(
            conversion=ConversionFactory(site=site, cold=True, api_visit_override={"gclid": gclid}, **values),
            pixel=pixel,
            due=True,
        )
        for gclid in gclids
    ]
    batches.deliver_sends(pixel.pk, post=tasks.post, clock=timezone.now)
    return sends


def ask(*, after: timedelta = timedelta()) -> int:
    return diagnostics.ask_due(get=tasks.get, clock=lambda: timezone.now() + after)


def test_one_question_tells_all_attempts_of_a_request(sandbox) -> None:
    deliver("Cj0one", "Cj0two")

    assert ask() == 1

    receipts = {attempt.receipt for attempt in Attempt.objects.select_related("receipt")}
    assert [(receipt.counted, receipt.events, receipt.due_at) for receipt in receipts] == [(Counted.COUNTED, 2, None)]
    assert ask() == 0


def test_an_accepted_event_that_was_not_counted_is_found_and_explained(sandbox) -> None:
    (send,) = deliver("Cj0invalid")

    ask()

    receipt = Receipt.objects.get()
    assert (receipt.counted, receipt.reasons) == (Counted.DROPPED, {"INVALID_GCLID": 1})
    assert explaining.explain_receipt(receipt).startswith("Accepted, but not counted. The click id does not decode")
    assert list(queries.not_counted(Send.objects.all())) == [send]
    assert Send.objects.get().status == SendStatus.SENT  # Google's 200 means accepted


def test_a_part_of_a_request_is_told_as_a_part(sandbox) -> None:
    deliver("Cj0invalid", "Cj0good")

    ask()

    assert explaining.explain_receipt(Receipt.objects.get()).startswith("Of the 2 events in the request 1 were not")


def test_what_is_not_known_yet_is_asked_again_until_a_day_has_passed(sandbox, settings) -> None:
    settings.DISPATCH_DIAGNOSIS_SECONDS = 1800
    sandbox.diagnostics_seconds = 3600
    deliver("Cj0good")
    assert ask() == 0

    assert ask(after=timedelta(minutes=31)) == 1
    assert ask(after=timedelta(minutes=69)) == 0  # 31 + 39 is next
    assert ask(after=timedelta(minutes=71)) == 1
    assert Receipt.objects.get().counted == Counted.WAITING

    assert ask(after=timedelta(hours=24, minutes=1)) == 1
    receipt = Receipt.objects.get()
    assert (receipt.counted, receipt.due_at) == (Counted.UNKNOWN, None)


@pytest.mark.parametrize("kind", ["hang", "status", "reset", "html200", "empty200"])
def test_a_question_without_an_answer_is_asked_again(sandbox, settings, kind) -> None:
    settings.DISPATCH_ATTEMPT_SECONDS = 0.3
    deliver("Cj0good")
    sandbox.fault(kind=kind, params={"seconds": 1, "status": 500} if kind in ("hang", "status") else {})

    assert ask() == 1

    receipt = Receipt.objects.get()
    assert (receipt.counted, receipt.asked) == (Counted.WAITING, 1)
    assert receipt.due_at is not None


def test_a_test_event_and_a_refused_one_are_not_asked_for(sandbox) -> None:
    deliver("Cj0good", is_test=True)
    sandbox.fault(kind="status", platform="google", params={"status": 500})
    deliver("Cj0good")

    assert not Receipt.objects.exists()


def test_two_workers_ask_different_questions(sandbox, monkeypatch) -> None:
    deliver("Cj0good")
    claimed = []
    original = diagnostics._ask
    monkeypatch.setattr(
        diagnostics, "_ask", lambda receipt, later, get: (claimed.append(ask()), original(receipt, later, get=get))[1]
    )

    ask()

    assert claimed == [0]


def test_the_api_tells_what_was_said_later(sandbox, client) -> None:
    (send,) = deliver("Cj0invalid")
    ask()
    key = ApiKeyFactory(account=send.conversion.account)

    bearer = {"Authorization": f"Bearer atk_live_{key.prefix}_{SECRET}"}
    answer = client.get(f"/api/v1/sends/{send.pk}", headers=bearer).json()

    told = answer["attemptList"][0]["diagnostics"]
    assert (told["status"], told["reasons"]) == ("dropped", {"INVALID_GCLID": 1})
