"""Filters by many keys with one parameter, where Django writes one for each."""

from collections.abc import Sequence

from django.db import connection
from django.db.models import BooleanField, F, Func, Q, Value


def among(keys: Sequence[str] | Sequence[int]) -> Func | Q:
    """`rows.filter(among(keys))`: those with one of the keys, which hold no quotes, commas or braces.

    Django spends some microseconds on each key of `pk__in`; PostgreSQL takes them as one array.
    """
    if connection.vendor != "postgresql":
        return Q(pk__in=keys)
    kind = "bigint" if keys and isinstance(keys[0], int) else "varchar"
    array = Value("{" + ",".join(map(str, keys)) + "}")
    return Func(
        F("pk"), array, arg_joiner=" = ANY (", template=f"%(expressions)s::{kind}[])", output_field=BooleanField()
    )
