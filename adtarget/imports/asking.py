"""Begins, cancels and deletes imports of the dashboard: one at a time for each account."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from adtarget.core import doorbell
from adtarget.core.ids import new_id
from adtarget.imports import files, mapping, reading
from adtarget.imports.models import OPEN, Import, State
from leads.models import Account

MOST_ROWS = 1_000_000
KEPT_FOR = timedelta(days=1)


class Busy(Exception):
    """Another import of the account is not done yet."""


def keep(account: Account, user: User, name: str, pieces: Iterable[bytes]) -> Import:
    """Keeps an uploaded file and guesses what its columns mean. Raises reading.Unusable; then nothing is kept."""
    work = Import(pk=new_id("imp"), account=account, asked_by=user, name=name[:200])
    try:
        work.sha256 = files.keep_upload(work.pk, pieces)
        work.columns = mapping.guess(reading.columns(files.upload_of(work.pk)))
        work.rows = _rows_of(work)
        work.save(force_insert=True)
    except BaseException:
        files.remove(work.pk)
        raise
    return work


def _rows_of(work: Import) -> int:
    rows = reading.count(files.upload_of(work.pk))
    if not rows:
        raise reading.Unusable("The file has no rows below its header.")
    if rows > MOST_ROWS:
        raise reading.Unusable(f"The file has {rows:,} rows; {MOST_ROWS:,} go at once.")
    return rows


def mean(work: Import, *, columns: Mapping[str, str], fixed: Mapping[str, str], is_history: bool) -> None:
    """Keeps what the owner says of the columns."""
    work.columns, work.fixed, work.is_history = dict(columns), dict(fixed), is_history
    work.save(update_fields=["columns", "fixed", "is_history"])


def begin(work: Import) -> None:
    """Hands it to a worker. Raises Busy."""
    try:
        with transaction.atomic():
            Import.objects.filter(pk=work.pk, state=State.MAPPING).update(state=State.WAITING)
    except IntegrityError:
        raise Busy from None
    doorbell.call("imports.work", import_id=work.pk)


def cancel(work: Import) -> bool:
    """Stops it behind the piece that is worked on; what is recorded stays. Whether it was still open."""
    open_one = Import.objects.filter(pk=work.pk, state__in=[State.MAPPING, *OPEN])
    was_open = bool(open_one.update(state=State.CANCELLED, alive_until=None))
    files.upload_of(work.pk).unlink(missing_ok=True)
    return was_open


def delete_old(now: datetime) -> None:
    """The files of more than a day ago that are not worked on. The rows stay: they say what was imported."""
    for work in Import.objects.filter(created_at__lt=now - KEPT_FOR, asked_by__isnull=False).exclude(state__in=OPEN):
        files.remove(work.pk)
    Import.objects.filter(created_at__lt=now - KEPT_FOR, state=State.MAPPING).delete()
    files.remove_older_than(7 * KEPT_FOR.total_seconds(), now=now.timestamp())
