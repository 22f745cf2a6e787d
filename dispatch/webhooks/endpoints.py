"""Registering the URLs of an account."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet

from adtarget.core import encryption
from dispatch.webhooks import signing, targets
from dispatch.webhooks.models import WebhookEndpoint, WebhookMessage
from leads.models import Account

MOST_ENDPOINTS = 10  # of an account
FORMER_SECRET_SIGNS_FOR = timedelta(hours=24)
PURGED_AFTER = timedelta(hours=1)
AT_ONCE = 500  # messages a transaction


class TooManyEndpoints(ValueError):
    """The account has as many as it may."""


def register(*, account: Account, url: str, events: Sequence[str] = ()) -> WebhookEndpoint:
    """Raises WrongTarget or TooManyEndpoints."""
    check(url)
    secret = encryption.encrypt(signing.new_secret())
    with transaction.atomic():
        Account.objects.select_for_update(no_key=True).get(pk=account.pk)  # twins are counted one after the other
        if WebhookEndpoint.objects.filter(account=account).count() >= MOST_ENDPOINTS:
            raise TooManyEndpoints(f"An account has at most {MOST_ENDPOINTS} webhooks. Delete one first.")
        return WebhookEndpoint.objects.create(
            account=account, url=url, events=sorted(set(events)), secret_encrypted=secret
        )


def delete(endpoint: WebhookEndpoint, *, now: datetime) -> None:
    """Deletes the endpoint: it gets no more messages and is no longer shown."""
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(deleted_at=now, is_active=False)


def purge_deleted(now: datetime) -> int:
    """Removes endpoints that were deleted an hour ago, when no transaction of that time can be open; how many."""
    gone = list(WebhookEndpoint.with_deleted.filter(deleted_at__lt=now - PURGED_AFTER))
    for endpoint in gone:
        delete_messages(WebhookMessage.objects.filter(endpoint=endpoint))
        endpoint.delete()
    return len(gone)


def delete_messages(messages: QuerySet[WebhookMessage]) -> int:
    """Removes messages with their attempts, some at a time; how many.

    Each is locked first: a worker adds an attempt under that lock, so none appears while they go.
    """
    removed = 0
    while True:
        with transaction.atomic():
            locked = messages.select_for_update(of=("self",)).order_by("pk").values_list("pk", flat=True)
            keys = list(locked[:AT_ONCE])
            WebhookMessage.objects.filter(pk__in=keys).delete()
        removed += len(keys)
        if len(keys) < AT_ONCE:
            return removed


def check(url: str) -> None:
    """Raises WrongTarget where the URL may not be told anything."""
    targets.check_url(url, private_is_allowed=settings.WEBHOOKS_ALLOW_PRIVATE)


def secret_of(endpoint: WebhookEndpoint) -> str:
    return encryption.decrypt(endpoint.secret_encrypted)


def rotate_secret(endpoint: WebhookEndpoint, *, now: datetime) -> str:
    """A new secret; the former one signs beside it for a day."""
    secret = signing.new_secret()
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(
        former_secret_encrypted=F("secret_encrypted"),
        former_secret_until=now + FORMER_SECRET_SIGNS_FOR,
        secret_encrypted=encryption.encrypt(secret),
    )
    return secret
