"""Remembers whom an account erased, as a hash, so that late events do not create them again."""

import hashlib
from datetime import datetime

from django.db.models import QuerySet

from leads.models import ErasedPerson


def person_sha256(account_id: str, telegram_user_id: int) -> str:
    """SHA-256 of account and Telegram id, kept instead of the id after erasure."""
    return hashlib.sha256(f"{account_id}:{telegram_user_id}".encode()).hexdigest()


def was_erased_after(account_id: str, telegram_user_id: int, moment: datetime) -> bool:
    """Whether the account erased the person at or after `moment`."""
    return _tombstones(account_id, telegram_user_id).filter(erased_at__gte=moment).exists()


def lift_tombstone(account_id: str, telegram_user_id: int, *, at: datetime) -> bool:
    """Forgets that a person was erased, because they joined again later, at `at`; whether they had been."""
    lifted, _ = _tombstones(account_id, telegram_user_id).filter(erased_at__lt=at).delete()
    return bool(lifted)


def _tombstones(account_id: str, telegram_user_id: int) -> QuerySet[ErasedPerson]:
    return ErasedPerson.objects.filter(account=account_id, person_sha256=person_sha256(account_id, telegram_user_id))
