"""Registering the URLs of an account."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import F

from adtarget.core import encryption
from dispatch.webhooks import signing, targets
from dispatch.webhooks.models import WebhookEndpoint
from leads.models import Account

MOST_ENDPOINTS = 10  # of an account
FORMER_SECRET_SIGNS_FOR = timedelta(hours=24)


class TooManyEndpoints(ValueError):
    """The account has as many as it may."""


def register(*, account: Account, url: str, events: Sequence[str] = ()) -> WebhookEndpoint:
    """Raises WrongTarget or TooManyEndpoints."""
    check(url)
    if WebhookEndpoint.objects.filter(account=account).count() >= MOST_ENDPOINTS:
        raise TooManyEndpoints(f"An account has at most {MOST_ENDPOINTS} webhooks. Delete one first.")
    secret = encryption.encrypt(signing.new_secret())
    return WebhookEndpoint.objects.create(account=account, url=url, events=sorted(set(events)), secret_encrypted=secret)


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
