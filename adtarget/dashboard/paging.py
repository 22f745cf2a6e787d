"""One page of a long list without counting the rest."""

from collections.abc import Iterator, Sequence
from typing import Generic, TypeVar

from django.db.models import Model, QuerySet
from django.http import HttpRequest

from adtarget.core.newest import Newest
from leads.unreadable import read_rows

ROWS = 50
LAST_PAGE = 200  # further back, filters find things faster

T = TypeVar("T", bound=Model)


class Slice(Generic[T]):
    """The rows of the page that the request names; one row more is read, to know of a next page."""

    paginator = None  # there is no total

    def __init__(
        self, rows: QuerySet[T], request: HttpRequest, size: int = ROWS, *, newest: Newest | None = None
    ) -> None:
        self.number = _page(request.GET.get("page", ""))
        start = (self.number - 1) * size
        if newest is not None:
            rows = newest.among(rows, start + size + 1)
        if start:
            # The keys first: the rows before are then passed over without their relations.
            rows = rows.filter(pk__in=list(rows.values_list("pk", flat=True)[start : start + size + 1]))
        read = read_rows(rows[: size + 1])
        self.rows: Sequence[T] = read.found[:size]
        self.has_next = read.looked_at > size and self.number < LAST_PAGE

    def __iter__(self) -> Iterator[T]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def has_previous(self) -> bool:
        return self.number > 1

    @property
    def has_other_pages(self) -> bool:
        return self.has_previous or self.has_next

    @property
    def next_page_number(self) -> int:
        return self.number + 1

    @property
    def previous_page_number(self) -> int:
        return self.number - 1


def _page(asked: str) -> int:
    """The number asked for, within what is shown; 1 for what is no number. Python reads at most 4,300 digits."""
    if not (asked.isascii() and asked.isdigit()):
        return 1
    return LAST_PAGE if len(asked) > len(str(LAST_PAGE)) + 20 else min(max(int(asked), 1), LAST_PAGE)
