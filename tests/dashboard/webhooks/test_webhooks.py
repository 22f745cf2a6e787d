"""The owners' page of the account's webhooks."""

from collections.abc import Iterator

import pytest
from django.test import Client
from django.utils import timezone

from adtarget.sandbox.server import Sandbox
from dispatch.webhooks import delivering, endpoints, tasks
from dispatch.webhooks.choices import MessageStatus
from dispatch.webhooks.models import WebhookEndpoint, WebhookMessage
from leads.choices import Role
from leads.models import Account, AuditEntry
from tests.dashboard.conftest import SignedIn

URL = "https://hooks.shop.example/adtarget"


@pytest.fixture
def webhooks(home: str) -> str:
    return f"{home}webhooks/"


@pytest.fixture
def endpoint(account: Account) -> WebhookEndpoint:
    return endpoints.register(account=account, url=URL, events=["send.failed"])


@pytest.fixture
def sandbox(settings) -> Iterator[Sandbox]:
    settings.WEBHOOKS_ALLOW_PRIVATE = True
    with Sandbox() as running:
        yield running


def test_a_url_is_registered(owner: Client, webhooks: str, account: Account) -> None:
    answer = owner.post(webhooks, {"url": URL, "events": ["send.failed", "pixel.paused"]})
    made = WebhookEndpoint.objects.get()
    assert answer.headers["Location"] == f"{webhooks}{made.pk}/"
    assert (made.account, made.url, made.events) == (account, URL, ["pixel.paused", "send.failed"])
    page = owner.get(f"{webhooks}{made.pk}/")
    assert endpoints.secret_of(made) in page.text
    assert "no-store" in page.headers["Cache-Control"]
    assert endpoints.secret_of(made) not in owner.get(webhooks).text


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ({"url": "http://hooks.shop.example/"}, "https"),
        ({"url": "https://127.0.0.1/hook"}, 'class="problem" id="id_url_error"'),
        ({"url": ""}, "This field is required"),
        ({"url": URL, "events": ["send.lost"]}, "Select a valid choice"),
    ],
)
def test_what_may_not_be_told_is_refused(owner: Client, webhooks: str, form: dict[str, str], told: str) -> None:
    assert told in owner.post(webhooks, form).text
    assert not WebhookEndpoint.objects.exists()


def test_an_eleventh_is_refused(owner: Client, webhooks: str, account: Account) -> None:
    for number in range(10):
        endpoints.register(account=account, url=f"{URL}/{number}")
    assert "at most 10 webhooks" in owner.post(webhooks, {"url": URL}).text


def test_a_test_shows_what_came_back(owner: Client, webhooks: str, sandbox: Sandbox, account: Account) -> None:
    endpoint = endpoints.register(account=account, url=f"{sandbox.url}/webhooks/ours")
    sandbox.webhooks.secrets["ours"] = endpoints.secret_of(endpoint)
    page = owner.post(f"{webhooks}{endpoint.pk}/test/", follow=True).text
    assert "not tried yet" in page
    assert "data-done" not in page
    delivering.deliver_messages(endpoint.pk, post=tasks.post, clock=timezone.now)
    page = owner.get(f"{webhooks}{endpoint.pk}/messages/").text
    assert "webhook.test" in page
    assert "data-done" in page
    assert WebhookMessage.objects.get().status == MessageStatus.SENT
    owner.post(f"{webhooks}{endpoint.pk}/messages/{WebhookMessage.objects.get().pk}/retry/")
    assert WebhookMessage.objects.get().status == MessageStatus.PENDING


def test_a_new_secret_is_made(owner: Client, webhooks: str, endpoint: WebhookEndpoint) -> None:
    before = endpoints.secret_of(endpoint)
    owner.post(f"{webhooks}{endpoint.pk}/secret/")
    endpoint.refresh_from_db()
    assert endpoints.secret_of(endpoint) != before
    assert before not in str(AuditEntry.objects.values_list())


def test_it_is_switched_off_and_on_which_resumes_it(owner: Client, webhooks: str, endpoint: WebhookEndpoint) -> None:
    owner.post(f"{webhooks}{endpoint.pk}/switch/")
    endpoint.refresh_from_db()
    assert not endpoint.is_active
    WebhookEndpoint.objects.update(paused_at=timezone.now(), pause_message="It is gone.")
    assert "Switch on" in owner.get(f"{webhooks}{endpoint.pk}/").text
    owner.post(f"{webhooks}{endpoint.pk}/switch/", {"is_active": "on"})
    endpoint.refresh_from_db()
    assert (endpoint.is_active, endpoint.paused_at) == (True, None)


def test_it_is_changed_and_deleted(owner: Client, webhooks: str, endpoint: WebhookEndpoint) -> None:
    owner.post(f"{webhooks}{endpoint.pk}/", {"url": f"{URL}/2", "events": []})
    endpoint.refresh_from_db()
    assert (endpoint.url, endpoint.events) == (f"{URL}/2", [])
    owner.post(f"{webhooks}{endpoint.pk}/delete/")
    assert not WebhookEndpoint.objects.exists()
    assert list(AuditEntry.objects.order_by("pk").values_list("action", flat=True)) == [
        "change_webhook",
        "delete_webhook",
    ]


@pytest.mark.parametrize("path", ["", "messages/", "test/", "secret/", "switch/", "delete/", "messages/msg_x/retry/"])
def test_webhooks_are_the_owners(
    signed_in: SignedIn, home: str, stranger: Account, webhooks: str, endpoint: WebhookEndpoint, path: str
) -> None:
    theirs = endpoints.register(account=stranger, url=URL)
    method = "get" if path in ("", "messages/") else "post"
    assert getattr(signed_in(Role.OWNER), method)(f"{webhooks}{theirs.pk}/{path}").status_code == 404
    assert getattr(signed_in(Role.MANAGER), method)(f"{webhooks}{endpoint.pk}/{path}").status_code == 403
    assert WebhookEndpoint.objects.count() == 2
