"""Lists of the newest rows of several groups, each of which an index holds in order, such as the sends of each pixel.

Asked for the newest of all groups at once, a database gathers and sorts all of their rows.
"""

from dataclasses import dataclass
from typing import Any, TypeVar

from django.db.models import Model, OuterRef, QuerySet, Subquery

M = TypeVar("M", bound=Model)


@dataclass(frozen=True, slots=True)
class Newest:
    """That a list shows the newest, by the field `by`, of the rows whose foreign key `key` names one of `groups`."""

    key: str
    groups: QuerySet[Any]
    by: str

    def among(self, rows: QuerySet[M], count: int) -> QuerySet[M]:
        """`rows` of the groups: at least the newest `count` of them, and none that is far older.

        Where one group alone has `count` rows after a moment, none from before it is among the newest of all.
        """
        last = rows.filter(**{self.key: OuterRef("pk")}).order_by(f"-{self.by}").values(self.by)[count - 1 : count]
        found = list(self.groups.order_by().values_list("pk", Subquery(last)))
        bounds = [bound for _, bound in found if bound is not None]
        rows = rows.filter(**{f"{self.key}__in": [pk for pk, _ in found]})
        return rows.filter(**{f"{self.by}__gte": max(bounds)}) if bounds else rows
