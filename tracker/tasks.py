"""Celery's doors to the invite pools. A message may be lost, repeated or forged: rows say what is to do."""

from celery import shared_task
from django.utils import timezone

from tracker import pool


@shared_task(name="tracker.fill_invite_pools")
def fill_invite_pools(*, channel_id: str = "", **_from_a_newer_release: object) -> None:
    pool.fill_pools(timezone.now(), channel_id=channel_id)


@shared_task(name="tracker.tidy_invites")
def tidy_invites(**_from_a_newer_release: object) -> None:
    now = timezone.now()
    pool.revoke_stale(now)
    pool.purge_unused(now)
