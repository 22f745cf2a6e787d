"""Runs imports in a worker, in slices, so that a worker that is to stop is not kept by a long file."""

from datetime import datetime

import structlog
from django.db import DatabaseError

from adtarget.core import doorbell
from adtarget.imports import files, reading, running
from adtarget.imports.models import Import, State

log = structlog.get_logger(__name__)

SLICE_SECONDS = 10.0
MOST_AT_ONCE = 1  # of all accounts: a worker's threads are there for deliveries
MOST_TRIES = 5


def work_on(import_id: str, *, clock: running.Clock) -> None:
    """Works on an import that waits, for a while; does nothing for any other."""
    work = _claim(import_id, clock())
    if work is None:
        return
    try:
        path, problems = files.upload_of(work.pk), files.problems_of(work.pk)
        if running.run(work, path, problems, clock=clock, seconds=SLICE_SECONDS):
            path.unlink(missing_ok=True)
            log.info("import done", work=work.pk, recorded=work.recorded, broken=work.broken)
        else:
            _give_back(work)
    except running.Lost:
        pass
    except FileNotFoundError:
        _fail(work, "The file is not on this server. Is VAR_DIR shared with the worker?")
    except reading.Unusable as error:
        _fail(work, str(error))
    except DatabaseError as error:
        log.warning("import interrupted", work=work.pk, error=type(error).__name__)
        _give_back(work, ring=False)


def waiting_imports(now: datetime) -> list[str]:
    """The ids of those to work on, after giving back those whose worker is gone."""
    ours = Import.objects.filter(asked_by__isnull=False)
    tired = ours.filter(state__in=[State.WAITING, State.WORKING], tries__gte=MOST_TRIES)
    tired.exclude(alive_until__gte=now).update(
        state=State.FAILED, alive_until=None, error=f"{MOST_TRIES} tries in a row got no further."
    )
    ours.filter(state=State.WORKING, alive_until__lt=now).update(state=State.WAITING, alive_until=None)
    return list(ours.filter(state=State.WAITING).order_by("created_at").values_list("pk", flat=True)[:100])


def _claim(import_id: str, now: datetime) -> Import | None:
    busy = Import.objects.filter(state=State.WORKING, asked_by__isnull=False, alive_until__gte=now).count()
    work = Import.objects.select_related("account").filter(pk=import_id, state=State.WAITING).first()
    if busy >= MOST_AT_ONCE or work is None:
        return None
    try:
        running.claim(work, now=now, states=[State.WAITING])
    except running.Lost:
        return None
    return work


def _give_back(work: Import, *, ring: bool = True) -> None:
    mine = Import.objects.filter(pk=work.pk, state=State.WORKING, claim=work.claim)
    if mine.update(state=State.WAITING, alive_until=None) and ring:
        doorbell.call("imports.work", import_id=work.pk)


def _fail(work: Import, error: str) -> None:
    mine = Import.objects.filter(pk=work.pk, state=State.WORKING, claim=work.claim)
    mine.update(state=State.FAILED, alive_until=None, error=error[:300])
    files.upload_of(work.pk).unlink(missing_ok=True)
