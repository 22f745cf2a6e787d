"""Converts times to the API's format: Unix milliseconds in UTC."""

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def milliseconds(moment: datetime) -> int:
    """Whole milliseconds since 1970-01-01 UTC, rounded down."""
    return (moment - EPOCH) // timedelta(milliseconds=1)
