"""Saving the rows of a document and noting what was done."""

from dataclasses import dataclass, field
from typing import Any, TypeVar

import structlog
from django.db import models

from adtarget.core.json_document import Node

log = structlog.get_logger(__name__)

Row = TypeVar("Row", bound=models.Model)


@dataclass
class Tally:
    """What one run did, for the audit entry; names only, no secrets."""

    created: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    resumed: list[str] = field(default_factory=list)


def apply(row: Row, wanted: dict[str, Any], tally: Tally, *, is_touched: bool = False) -> Row:
    """The row with the wanted columns, saved where it is new, differs or was touched already."""
    is_new = row._state.adding
    different = {column: value for column, value in wanted.items() if getattr(row, column, None) != value}
    for column, value in different.items():
        setattr(row, column, value)
    if is_new or different or is_touched:
        row.save()
        (tally.created if is_new else tally.updated).append(f"{row._meta.verbose_name} {row}")
    return row


def note_unknown(node: Node, *known: str) -> None:
    """A misspelt field would otherwise be missed in silence."""
    for name in node.names():
        if name not in known:
            log.warning("provision: unknown field ignored", field=node.child(name).path)
