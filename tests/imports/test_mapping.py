"""What columns mean."""

from decimal import Decimal

import pytest

from adtarget.imports import mapping


@pytest.mark.parametrize(
    ("column", "field"),
    [
        ("telegramUserId", "telegramUserId"),
        ("telegram_user_id", "telegramUserId"),
        ("Telegram id", "telegramUserId"),
        ("E-Mail", "pii.email"),
        ("Order id", "orderId"),
        ("Happened at", "eventTime"),
        ("Amount", "value"),
        ("consent.ads", "consent.ads"),
    ],
)
def test_a_name_says_the_field(column: str, field: str) -> None:
    assert mapping.guess([column]) == {column: field}


def test_a_field_is_filled_by_one_column() -> None:
    assert mapping.guess(["Event", "Event type"]) == {"Event type": "eventType"}


def test_every_guess_is_a_field() -> None:
    assert set(mapping.OTHER_NAMES) <= set(mapping.fields())


@pytest.mark.parametrize(
    ("field", "text", "value"),
    [
        ("value", "49.90", Decimal("49.90")),
        ("value", "49,90", "49,90"),
        ("eventTime", "1793534400000", 1793534400000),
        ("eventTime", "2026-11-01", 1793491200000),
        ("eventTime", "2026-11-01T12:00:00+00:00", 1793534400000),
        ("eventTime", "2026-11-01 12:00", 1793534400000),
        ("eventTime", "2026-13-01", "2026-13-01"),
        ("eventTime", "yesterday", "yesterday"),
        ("eventType", "PURCHASE", "Purchase"),
        ("orderId", "007", "007"),
        ("externalUserId", "1e5", "1e5"),
    ],
)
def test_text_becomes_what_json_would_hold(field: str, text: str, value: object) -> None:
    assert mapping.body_of({"it": text}, {"it": field}, {}) == {field: value}


@pytest.mark.parametrize(("text", "value"), [("yes", True), ("FALSE", False), ("0", False), ("perhaps", "perhaps")])
def test_consent_is_yes_or_no(text: str, value: object) -> None:
    assert mapping.body_of({"it": text}, {"it": "consent.ads"}, {}) == {"consent": {"ads": value}}


def test_an_empty_cell_leaves_the_fixed_value() -> None:
    assert mapping.body_of({"c": ""}, {"c": "currency"}, {"currency": "EUR"}) == {"currency": "EUR"}
