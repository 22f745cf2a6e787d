"""`manage.py reencrypt`: writes every stored secret with the first encryption key."""

from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction

from adtarget.core import encryption
from dispatch.models import Pixel
from dispatch.webhooks.models import WebhookEndpoint
from leads import audit
from leads.models import AuthenticatorApp, Bot

COLUMNS = (
    (Pixel, "credential_encrypted"),
    (Bot, "token_encrypted"),
    (Bot, "webhook_secret_encrypted"),
    (AuthenticatorApp, "seed_encrypted"),
    (WebhookEndpoint, "secret_encrypted"),
    (WebhookEndpoint, "former_secret_encrypted"),
)


class Command(BaseCommand):
    help = (
        "Encrypts every stored secret again with the first key of FIELD_ENCRYPTION_KEY. Put a new key first and keep "
        "the old one behind it, restart, run this, then drop the old one."
    )

    def handle(self, *_: Any, **__: Any) -> None:
        with transaction.atomic():
            count = sum(_reencrypt(model, column) for model, column in COLUMNS)
            audit.record(
                actor="manage.py reencrypt", action="reencrypt", target="all secrets", details={"count": count}
            )
        self.stdout.write(f"{count} secrets are encrypted with the first key now.")


def _reencrypt(model: Any, column: str) -> int:
    rows = list(model.objects.select_for_update().exclude(**{column: ""}))
    for row in rows:
        clear = encryption.decrypt(getattr(row, column))
        model.objects.filter(pk=row.pk).update(**{column: encryption.encrypt(clear)})
    return len(rows)
