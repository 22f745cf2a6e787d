"""What people switch off, revoke or remove while requests and workers use it: a refusal at most, never an error."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from dispatch.choices import SendStatus
from dispatch.models import Pixel, Send
from dispatch.sweeping import settle_stranded
from leads import api_keys, members
from leads.choices import Role
from leads.models import Channel, Site
from tests.api.conftest import CONVERSION, SIGNALS
from tests.conftest import Api
from tests.dashboard.conftest import sign_in_recently
from tests.dispatch.test_delivery import FakeMeta, deliver
from tests.factories import MembershipFactory, PixelFactory, UserFactory

SECONDS = 1.5


@pytest.fixture(autouse=True)
def two_writers(transactional_db: None, settings) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("one writer at a time")
    settings.API_RATE_LIMIT_PER_MINUTE = settings.API_RATE_LIMIT_BURST = 10**6


@contextmanager
def meanwhile(*jobs: Callable[[], object]) -> Iterator[None]:
    """Repeats each job in a thread of its own until the block is left; raises what one of them raised."""
    over, problems = threading.Event(), []

    def repeat(job: Callable[[], object]) -> None:
        try:
            while not over.is_set():
                job()
        except Exception as error:
            problems.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=repeat, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()
    if problems:
        raise problems[0]


def sender(token: str, channel: Channel, statuses: Counter[int], *, first: int) -> Callable[[], None]:
    people = iter(range(first, 10**9))

    def send() -> None:
        body = {"telegramUserId": next(people), "siteId": channel.site_id, "channelId": channel.pk, **SIGNALS}
        statuses[Api(token).post(CONVERSION, {**body, "eventType": "Lead"}).status_code] += 1

    return send


def test_pixels_are_switched_while_events_come_and_go_out(channel, api_key_token) -> None:
    pixel, meta, statuses = PixelFactory(site=channel.site), FakeMeta(), Counter()
    ends = time.monotonic() + SECONDS
    jobs = (
        sender(api_key_token, channel, statuses, first=1),
        lambda: deliver(pixel, meta),
        lambda: settle_stranded(timezone.now()),
    )
    with meanwhile(*jobs):
        while time.monotonic() < ends:
            for is_active in (False, True):
                Pixel.objects.filter(pk=pixel.pk).update(is_active=is_active)
                time.sleep(0.02)
    deliver(pixel, meta)

    ids = [event["event_id"] for events in meta.requests for event in events]
    sent = set(Send.objects.filter(status=SendStatus.SENT).values_list("conversion_id", flat=True))
    assert set(statuses) == {200}
    assert len(ids) == len(set(ids))
    assert set(ids) == sent
    assert not Send.objects.open().exists()


@pytest.mark.parametrize(
    ("rows_of", "column", "refusal"),
    [
        (lambda channel: Channel.objects.filter(pk=channel.pk), "is_active", 404),
        (lambda channel: Site.objects.filter(pk=channel.site_id), "is_paused", 402),
    ],
    ids=["channel", "site"],
)
def test_channels_and_sites_are_switched_while_events_come(channel, api_key_token, rows_of, column, refusal) -> None:
    statuses: Counter[int] = Counter()
    rows, ends = rows_of(channel), time.monotonic() + SECONDS
    with meanwhile(*(sender(api_key_token, channel, statuses, first=number * 10**6) for number in (1, 2))):
        while time.monotonic() < ends:
            for value in (True, False):
                rows.update(**{column: value})
                time.sleep(0.02)
    assert set(statuses) == {200, refusal}


def test_keys_are_revoked_while_they_are_used(account, channel) -> None:
    statuses: Counter[int] = Counter()
    for number in range(4):
        key, token = api_keys.create_key(account=account, site=None, name=f"key {number}")
        with meanwhile(*(sender(token, channel, statuses, first=(2 * number + one) * 10**6 + 1) for one in (0, 1))):
            time.sleep(0.2)
            api_keys.revoke(key, now=timezone.now())
            time.sleep(0.1)
    assert set(statuses) == {200, 401}


def test_members_are_removed_while_they_look(account) -> None:
    MembershipFactory(account=account, role=Role.OWNER)
    statuses: Counter[int] = Counter()
    for number in range(3):
        membership = MembershipFactory(account=account, role=Role.STAFF, user=UserFactory(username=f"member-{number}"))
        browser = Client()
        sign_in_recently(browser, membership.user)

        def look(browser: Client = browser) -> None:
            statuses[browser.get(f"/accounts/{account.pk}/conversions/").status_code] += 1

        with meanwhile(look):
            time.sleep(0.4)
            members.remove(membership)
            time.sleep(0.2)
    assert set(statuses) <= {200, 302, 403, 404}
    assert statuses[200]
