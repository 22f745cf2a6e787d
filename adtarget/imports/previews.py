"""Says what an import would do, by recording rows and rolling them back."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from django.db import transaction

from adtarget.imports.reading import Row
from adtarget.imports.rows import Order, Outcome, prepare, record

TRIED_OUT = 50  # rows of a page's preview


@dataclass(frozen=True, slots=True)
class Preview:
    rows: int
    outcome: Outcome


def preview(rows: Iterable[Row], order: Order, *, now: datetime, most: int = TRIED_OUT) -> Preview:
    """What would become of the first rows."""
    tried = prepare(islice(rows, most), order, now=now)
    with transaction.atomic():
        outcome = record(tried, order, now=now)
        transaction.set_rollback(True)
    return Preview(len(tried), outcome)
