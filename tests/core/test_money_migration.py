"""Filled databases of the release before become exact, and go back."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

BEFORE = [("conversions", "0003_inherited_contacts"), ("leads", "0005_kept_query_parameters")]
AMOUNTS = ["0.0001", "49.9", "0.3", "1000", "123456789012.3456", "900719925474.5"]


@pytest.fixture
def migrate(transactional_db: None):
    """`migrate(targets)` gives the models of that state; everything is new again afterwards."""

    def to(targets: list[tuple[str, str]]) -> Any:
        MigrationExecutor(connection).migrate(targets)
        return MigrationExecutor(connection).loader.project_state(targets).apps

    yield to
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())


def latest() -> list[tuple[str, str]]:
    return MigrationExecutor(connection).loader.graph.leaf_nodes()


def fill(apps: Any) -> None:
    account = apps.get_model("leads", "Account").objects.create(id="acc_1", name="Acme")
    site = apps.get_model("leads", "Site").objects.create(id="site_1", account=account, domain="acme.example")
    channel = apps.get_model("leads", "Channel").objects.create(
        id="chn_1", site=site, telegram_channel_id=-1001, title="VIP", value=Decimal("19.99"), currency="EUR"
    )
    now = "2026-11-01T00:00:00Z"
    lead = apps.get_model("leads", "Lead").objects.create(
        site=site, telegram_user_id=1, first_seen_at=now, last_seen_at=now
    )
    for number, amount in enumerate([*AMOUNTS, None]):
        apps.get_model("conversions", "Conversion").objects.create(
            id=f"cnv_{number}",
            account=account,
            site=site,
            channel=channel,
            lead=lead,
            telegram_user_id=1,
            source="api",
            event_type="Lead",
            value=amount and Decimal(amount),
            currency="EUR" if amount else "",
            event_time=now,
            attributed_at=now,
        )


def amounts(apps: Any) -> list[Any]:
    return list(apps.get_model("conversions", "Conversion").objects.order_by("pk").values_list("value", flat=True))


def test_a_filled_database_becomes_exact_and_goes_back(migrate) -> None:
    fill(migrate(BEFORE))
    after = migrate(latest())
    expected = [*map(Decimal, AMOUNTS), None]

    assert amounts(after) == expected
    assert after.get_model("leads", "Channel").objects.get().value == Decimal("19.99")
    with connection.cursor() as cursor:
        cursor.execute("SELECT value FROM conversions_conversion WHERE id = 'cnv_4'")
        assert cursor.fetchone() == (1234567890123456,)

    back = migrate(BEFORE)
    with connection.cursor() as cursor:  # as it is stored: the field of that release reads 15 digits of it on SQLite
        cursor.execute("SELECT value FROM conversions_conversion ORDER BY id")
        assert [amount and Decimal(str(amount)) for (amount,) in cursor.fetchall()] == expected
    assert back.get_model("leads", "Channel").objects.get().value == Decimal("19.99")


def test_the_rules_of_the_table_hold_after_the_change(migrate) -> None:
    fill(migrate(BEFORE))
    conversion = migrate(latest()).get_model("conversions", "Conversion")
    with pytest.raises(Exception, match="conversion_value_and_currency_come_together"):
        conversion.objects.filter(pk="cnv_1").update(value=0)
