import csv
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

HEADER = ("telegramUserId", "siteId", "channelId", "eventType", "value", "currency", "orderId", "eventTime", "email")


@pytest.fixture(autouse=True)
def _folder(settings: Any, tmp_path: Path) -> None:
    settings.VAR_DIR = tmp_path / "var"
    settings.VAR_DIR.mkdir()


@pytest.fixture
def purchase(site: Any, channel: Any) -> Callable[..., tuple[object, ...]]:
    """A row of HEADER: the purchase of one person."""

    def row(number: int, **changes: object) -> tuple[object, ...]:
        values: dict[str, object] = {
            "telegramUserId": 1000 + number,
            "siteId": site.pk,
            "channelId": channel.pk,
            "eventType": "Purchase",
            "value": "49.90",
            "currency": "EUR",
            "orderId": f"order-{number}",
            "eventTime": "2026-11-01T12:00:00Z",
            "email": f"person{number}@example.com",
        }
        return tuple((values | changes).values())

    return row


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """A CSV file of rows under a header."""

    def file(rows: Sequence[Sequence[object]], header: Sequence[str] = HEADER, **form: Any) -> Path:
        path = tmp_path / "orders.csv"
        with path.open("w", newline="") as out:
            csv.writer(out, **form).writerows([header, *rows])
        return path

    return file
