"""Claims rows that are due by moving their date, so that two workers never do the same one.

The row is due again when the new date comes: a worker that was lost needs no cleaning up.
"""

from datetime import datetime
from typing import Any

from django.db.models import Model


def claim_until(row: Model, moment: datetime, *, field: str = "due_at", **changes: Any) -> bool:
    """Moves the date in `field` to `moment`; False where another worker moved it since `row` was read."""
    unmoved = type(row)._default_manager.filter(pk=row.pk, **{field: getattr(row, field)})
    return bool(unmoved.update(**{field: moment}, **changes))
