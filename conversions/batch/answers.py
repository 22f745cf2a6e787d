"""Answers of a batch's events by their own idempotency keys: kept and repeated as those of single requests are."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from adtarget.core import exact_json
from adtarget.core.json_rows import Rows
from conversions.batch.items import Item
from conversions.idempotency import KEPT, REPLAY_FOR, wait_for_twins
from conversions.models import IdempotencyRecord
from leads.models import ApiKey


class Answers:
    """The records of all keys of a batch, locked until the transaction ends."""

    def __init__(self, key: ApiKey, items: Iterable[Item], *, now: datetime) -> None:
        self._now = now
        self._records: dict[str, IdempotencyRecord] = {}
        self._answered: dict[str, IdempotencyRecord] = {}
        shas = {item.key: item.sha256 for item in items if item.key}
        if not shas:
            return
        wait_for_twins()
        # Sorted, so that two batches wait for each other in one order.
        Rows(IdempotencyRecord, without="id").insert(
            [
                IdempotencyRecord(api_key=key, key=name, request_sha256=shas[name], created_at=now)
                for name in sorted(shas)
            ],
            ignore_conflicts=True,
        )
        found = IdempotencyRecord.objects.select_for_update().filter(api_key=key, key__in=shas).order_by("key")
        self._records = {record.key: record for record in found}
        for record in self._records.values():
            if now - record.created_at >= REPLAY_FOR:
                record.status, record.created_at = 0, now
                record.request_sha256 = shas[record.key]

    def kept_for(self, item: Item) -> dict[str, Any] | None:
        """The first answer of the event's key."""
        record = self._records.get(item.key)
        if record is None or not record.status:
            return None
        mismatch = {"idempotentMismatch": True} if record.request_sha256 != item.sha256 else {}
        return {"status": record.status, **exact_json.loads(record.body), "idempotentReplay": True, **mismatch}

    def keep(self, item: Item, status: int, answer: dict[str, Any]) -> None:
        """Keeps the answer, where it is one that is repeated."""
        record = self._records.get(item.key)
        if record is not None and (status < 300 or status in KEPT):
            record.status, record.body, record.request_sha256 = status, exact_json.dumps(answer), item.sha256
            self._answered[record.key] = record

    def write(self) -> None:
        Rows(IdempotencyRecord, "status", "body", "request_sha256", "created_at").update(list(self._answered.values()))
        unused = [record.pk for record in self._records.values() if not record.status]
        if unused:
            IdempotencyRecord.objects.filter(pk__in=unused).delete()
