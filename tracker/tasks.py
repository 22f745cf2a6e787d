"""Celery tasks of the invite pools. Messages are hints: workers read what to do from the database."""

from celery import shared_task
from django.utils import timezone

from tracker import link_cleanup, pool, visit_partitions, visit_purge


@shared_task(name="tracker.fill_invite_pools")
def fill_invite_pools(*, channel_id: str = "", **_from_a_newer_release: object) -> None:
    pool.fill_pools(timezone.now(), channel_id=channel_id)


@shared_task(name="tracker.make_partitions")
def make_partitions(**_from_a_newer_release: object) -> None:
    visit_partitions.make_ahead(timezone.now())


@shared_task(name="tracker.purge_visits")
def purge_visits(**_from_a_newer_release: object) -> None:
    visit_purge.purge_visits(timezone.now())


@shared_task(name="tracker.tidy_invites")
def tidy_invites(**_from_a_newer_release: object) -> None:
    now = timezone.now()
    link_cleanup.revoke_stale(now)
    link_cleanup.purge_unused(now)
