"""Lists of the API: filters from the query string, newest first, page by page through a cursor."""

import base64
import binascii
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.db.models import Model, Q, QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request

from adtarget.api import parsing
from adtarget.api.fields import Text
from adtarget.core import errors
from adtarget.core.newest import Newest
from adtarget.core.times import EPOCH, milliseconds
from leads.unreadable import read_rows

USUAL, MOST = 50, 100  # rows a page
M = TypeVar("M", bound=Model)


@extend_schema_field(OpenApiTypes.INT64)
class MomentText(serializers.Field):
    """Unix milliseconds in a query string."""

    def to_internal_value(self, data: Any) -> datetime:
        if not (isinstance(data, str) and data.isascii() and data.isdigit() and len(data) <= 14):
            raise serializers.ValidationError("This field must be Unix milliseconds.")
        return EPOCH + timedelta(milliseconds=int(data))

    def to_representation(self, value: datetime) -> str:
        return str(milliseconds(value))


class Cursor(Text):
    """The opaque place after which a page begins; read as the moment and id of the row before it."""

    def to_internal_value(self, data: Any) -> tuple[datetime, str]:  # type: ignore[override]
        try:
            moment, _, row_id = base64.urlsafe_b64decode(super().to_internal_value(data)).decode("ascii").partition(":")
            return EPOCH + timedelta(microseconds=int(moment)), row_id
        except (binascii.Error, ValueError, OverflowError) as error:
            raise serializers.ValidationError("This field must be the nextCursor of an answer.") from error


class ListQuery(serializers.Serializer):
    """What every list takes; a subclass adds its filters."""

    limit = serializers.IntegerField(
        required=False, min_value=1, max_value=MOST, default=USUAL, help_text="Rows a page."
    )
    cursor = Cursor(required=False, max_length=128, help_text="The `nextCursor` of the page before.")


def read_query(query_class: type[ListQuery], request: Request) -> dict[str, Any]:
    """The validated query. Raises InvalidPayload, also for a filter that does not exist or stands twice."""
    known = query_class().fields
    given = request.query_params
    for name in given:
        if name not in known:
            raise errors.InvalidPayload(f"There is no filter {name[:40]!r}. There are: {', '.join(known)}.")
        if len(given.getlist(name)) > 1:
            raise errors.InvalidPayload(f"{name} is given twice.")
        if "\0" in given[name]:
            raise errors.InvalidPayload(f"{name} holds a NUL character.")
    return parsing.validate(query_class, {name: value for name, value in given.items() if value})


def page_of(
    rows: QuerySet[M], query: dict[str, Any], *, by: str, newest: Newest | None = None
) -> tuple[Sequence[M], str | None]:
    """One page, newest first by the field `by` and then by id, and the cursor of the next; None after the last.

    `newest` names the groups of rows that an index holds in order.
    """
    if "cursor" in query:
        at, row_id = query["cursor"]
        rows = rows.filter(Q(**{f"{by}__lt": at}) | Q(**{by: at, "pk__lt": row_id}), **{f"{by}__lte": at})
    if newest is not None:
        rows = newest.among(rows, query["limit"] + 1)
    read = read_rows(rows.order_by(f"-{by}", "-pk")[: query["limit"] + 1])
    page = read.found[: query["limit"]]
    return page, _cursor(page[-1], by) if page and read.looked_at > query["limit"] else None


def _cursor(row: Model, by: str) -> str:
    microseconds = (getattr(row, by) - EPOCH) // timedelta(microseconds=1)
    return base64.urlsafe_b64encode(f"{microseconds}:{row.pk}".encode()).decode()
