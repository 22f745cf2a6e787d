"""Idempotency-Key: repeats the first answer and does the work only once.

The record is inserted first and committed together with the work and the
answer. A simultaneous repeat waits on the unique index until then, and replays.
"""

import hashlib
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, cast

from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from adtarget.api import exception_handler, parsing
from adtarget.core import errors, exact_json
from conversions.models import IdempotencyRecord
from leads.models import ApiKey

REPLAY_FOR = timedelta(hours=24)
PURGE_AFTER = timedelta(hours=48)
TWIN_WAITS_SECONDS = 5
KEPT = {400, 402, 404}  # besides 2xx
_ACCEPTABLE = re.compile(r"[\x20-\x7e]{1,128}")

View = Callable[..., Response]


def idempotent(view: View) -> View:
    """A POST that honours Idempotency-Key; without the header it runs as it is."""

    @wraps(view)
    def wrapper(viewset: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
        key = request.headers.get("Idempotency-Key")
        if key is None:
            return view(viewset, request, *args, **kwargs)
        if not _ACCEPTABLE.fullmatch(key):
            raise errors.InvalidPayload("Idempotency-Key takes 1 to 128 printable ASCII characters.")
        return _once(request, key, lambda: view(viewset, request, *args, **kwargs), now=timezone.now())

    return wrapper


def _once(request: Request, key: str, run: Callable[[], Response], *, now: datetime) -> Response:
    is_batch = request.path.endswith("/events/batch")
    most = settings.API_BATCH_MAX_BYTES if is_batch else settings.API_MAX_BODY_BYTES
    body = parsing.read_body(request._request, most=most)
    digest = hashlib.sha256(f"{request.path}\n".encode() + body).hexdigest()
    try:
        with _patience(), transaction.atomic():
            record = _open_record(cast(ApiKey, request.auth), key, digest, now=now)
            if record.status:
                return _replay(record, digest)
            response = _answer_of(run)
            if response.status_code < 300 or response.status_code in KEPT:
                record.status = response.status_code
                record.body = exact_json.dumps(response.data)
                record.save(update_fields=["status", "body"])
            else:
                transaction.set_rollback(True)
            return response
    except OperationalError as error:
        if _is_lock_wait(error):
            raise errors.RateLimited(
                "The first request with this Idempotency-Key is still running.", retry_after=1
            ) from error
        raise


@contextmanager
def _patience() -> Iterator[None]:
    """Sets SQLite's wait for the first request's commit; on PostgreSQL `_open_record` sets it."""
    if connection.vendor != "sqlite":
        yield
        return
    usual = connection.settings_dict["OPTIONS"].get("timeout", TWIN_WAITS_SECONDS)
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA busy_timeout = {TWIN_WAITS_SECONDS * 1000:.0f}")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA busy_timeout = {usual * 1000:.0f}")


def _open_record(api_key: ApiKey, key: str, digest: str, *, now: datetime) -> IdempotencyRecord:
    """The record, locked until commit: new, found with an answer, or expired and reset."""
    wait_for_twins()
    IdempotencyRecord.objects.bulk_create(
        [IdempotencyRecord(api_key=api_key, key=key, request_sha256=digest, created_at=now)], ignore_conflicts=True
    )
    record = IdempotencyRecord.objects.select_for_update().get(api_key=api_key, key=key)
    if now - record.created_at >= REPLAY_FOR:
        record.status, record.request_sha256, record.created_at = 0, digest, now
        record.save(update_fields=["status", "request_sha256", "created_at"])
    return record


def wait_for_twins() -> None:
    """Sets how long this transaction waits for the first request with the same key, on PostgreSQL."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = %s", [f"{TWIN_WAITS_SECONDS}s"])


def _answer_of(run: Callable[[], Response]) -> Response:
    """Runs the work; a refusal rolls back the work but not the record."""
    try:
        with transaction.atomic():
            return run()
    except errors.ApiError as error:
        return exception_handler.handle(error, {})


def _replay(record: IdempotencyRecord, digest: str) -> Response:
    headers = {"X-Idempotent-Replay": "true"}
    if record.request_sha256 != digest:
        headers["X-Idempotent-Mismatch"] = "true"
    return Response(exact_json.loads(record.body), status=record.status, headers=headers)


def _is_lock_wait(error: OperationalError) -> bool:
    return getattr(error.__cause__, "sqlstate", "") == "55P03" or "database is locked" in str(error)


def purge(*, now: datetime) -> int:
    """Deletes records older than 48 h; how many."""
    return IdempotencyRecord.objects.filter(created_at__lt=now - PURGE_AFTER).delete()[0]
