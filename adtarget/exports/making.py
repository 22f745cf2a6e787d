"""Makes the files of exports, in a worker; deletes them after a day."""

from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import structlog
from django.db import OperationalError
from django.db.models import F
from django.http import Http404
from django.utils import timezone

from adtarget.exports import files, reading, spreadsheet
from adtarget.exports.asking import LEASE
from adtarget.exports.kinds import LISTS
from adtarget.exports.models import Export, State

log = structlog.get_logger(__name__)

MOST_AT_ONCE = 2  # of all accounts: a worker's threads are there for deliveries
MOST_TRIES = 3
KEPT_FOR = timedelta(days=1)
Clock = Callable[[], datetime]


class Lost(Exception):
    """Somebody else works on it, or it was deleted."""


def make(export_id: str, *, clock: Clock) -> None:
    """Writes the file of an export that waits; does nothing for any other."""
    export = _claim(export_id, clock())
    if export is None:
        return
    part = files.part_of(export.pk, export.tries)
    try:
        rows = _write(export, clock)
        part.replace(files.path_of(export.pk))
        _update(export, state=State.READY, rows=rows, alive_until=None)
        log.info("export ready", export=export.pk, kind=export.kind, rows=rows)
    except OperationalError:
        log.warning("export failed: the database took too long", export=export.pk, kind=export.kind)
        _fail(export, "The database took too long. Choose fewer days or more filters.")
    except Http404:
        _fail(export, "What the list was filtered by does not exist any more.")
    except Lost:
        pass
    finally:
        part.unlink(missing_ok=True)


def waiting_exports(now: datetime) -> list[str]:
    """The ids of those to make, after giving back those whose worker is gone."""
    gone = Export.objects.filter(state=State.WORKING, alive_until__lt=now)
    gone.filter(is_direct=True).delete()
    gone.filter(tries__gte=MOST_TRIES).update(state=State.FAILED, error=f"{MOST_TRIES} tries failed.", alive_until=None)
    gone.update(state=State.WAITING, alive_until=None)
    return list(Export.objects.filter(state=State.WAITING).order_by("created_at").values_list("pk", flat=True)[:100])


def delete_old(now: datetime) -> None:
    """Those of more than a day ago, with their files."""
    for export in Export.objects.filter(created_at__lt=now - KEPT_FOR):
        files.remove(export.pk)
        export.delete()
    files.remove_older_than(KEPT_FOR.total_seconds(), now=now.timestamp())


def _claim(export_id: str, now: datetime) -> Export | None:
    busy = Export.objects.filter(state=State.WORKING, is_direct=False, alive_until__gte=now).count()
    mine = Export.objects.filter(pk=export_id, state=State.WAITING)
    if busy >= MOST_AT_ONCE or not mine.update(
        state=State.WORKING, tries=F("tries") + 1, rows=0, alive_until=now + LEASE
    ):
        return None
    return Export.objects.select_related("account").filter(pk=export_id).first()


def _write(export: Export, clock: Clock) -> int:
    """Writes the part, tells the row how far it is, and returns how many rows there were."""
    number = 0
    with timezone.override(ZoneInfo(export.zone)), files.create(files.part_of(export.pk, export.tries)) as file:
        wanted = LISTS[export.kind](export.account, export.query)
        # The first two lines are the mark of UTF-8 and the header.
        for number, line in enumerate(spreadsheet.lines(wanted.header, reading.read(wanted)), start=-1):
            file.write(line)
            if number > 0 and number % reading.ROWS_AT_ONCE == 0:
                _update(export, rows=number, alive_until=clock() + LEASE)
    return number


def _fail(export: Export, error: str) -> None:
    _update(export, state=State.FAILED, error=error, alive_until=None)


def _update(export: Export, **values: object) -> None:
    """Raises Lost where this try is not the one that works on it."""
    if not Export.objects.filter(pk=export.pk, state=State.WORKING, tries=export.tries).update(**values):
        raise Lost
