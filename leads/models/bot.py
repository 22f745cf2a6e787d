"""Telegram bots of an account."""

import secrets
from functools import partial

from django.db import models

from adtarget.core import encryption
from adtarget.core.ids import new_id
from leads.models.account import Account


class Bot(models.Model):
    """A Telegram bot of the account: makes invite links and reports who joins."""

    id = models.CharField(primary_key=True, max_length=40, default=partial(new_id, "bot"), editable=False)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="bots")
    username = models.CharField(max_length=64)
    token_encrypted = models.TextField(editable=False, default="")
    webhook_secret_encrypted = models.TextField(editable=False, default="")
    poll_offset = models.BigIntegerField(default=0, editable=False)
    last_error = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "username"], name="one_bot_per_account_and_username"),
        ]

    def __str__(self) -> str:
        return f"@{self.username}"

    @property
    def webhook_path(self) -> str:
        return f"/telegram/webhook/{self.pk}"

    @property
    def webhook_secret(self) -> str:
        """What Telegram puts into a header of each update. Raises CannotDecrypt."""
        return encryption.decrypt(self.webhook_secret_encrypted)

    @webhook_secret.setter
    def webhook_secret(self, secret: str) -> None:
        self.webhook_secret_encrypted = encryption.encrypt(secret)

    def make_webhook_secret(self) -> None:
        """One of its own, unless it has one."""
        if not self.webhook_secret_encrypted:
            self.webhook_secret = secrets.token_urlsafe(32)

    def token(self) -> str:
        """The bot's token in clear, for a call to Telegram only."""
        return encryption.decrypt(self.token_encrypted)

    def set_token(self, token: str) -> None:
        self.token_encrypted = encryption.encrypt(token)
