"""Fills PostgreSQL with consistent rows of a large installation, by SQL: about a million conversions a minute.

    DATABASE_URL=postgres://… manage.py migrate
    DATABASE_URL=postgres://… python -m benchmarks.fill --conversions 1000000 [--days 120] [--pixels 4] [--accounts 2]

Half of the conversions are joins, half are events of the API; most have a visit with click ids and UTM tags, and one
send with its attempts to each of the site's pixels. Nothing is ever delivered: the pixels are paused. The first
account gets nine tenths of the rows. For databases that may be thrown away: indexes are dropped and made again.

The columns that are not named here get their field's default, so that a new column does not break this.
"""

import argparse
import contextlib
import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import django

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "adtarget.settings")
    django.setup()

from django.db import connection, models
from django.utils import timezone

from adtarget.demo.seeding.places import Place, make_places
from benchmarks.fill_rows import PEOPLE, tables
from conversions.models import Conversion
from dispatch.models import Attempt, Pixel, Send
from leads.models import Lead
from tracker.models import Invite, Join, TrackingSession, Visit

FILLED: tuple[type[models.Model], ...] = (Lead, TrackingSession, Visit, Invite, Join, Conversion, Send, Attempt)
Log = Callable[[object], None]
PIXELS = ("meta", "tiktok", "snapchat", "google")
#: Rows that are written by one statement.
AT_ONCE = 250_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """How much to write."""

    conversions: int
    days: int = 120
    pixels: int = 4
    accounts: int = 2
    ads: int = 1000
    account: str = "Filled"


def fill(order: Order, *, now: datetime, log: Log = print) -> None:
    """Writes the rows in one session; adds to what is there."""
    places = [
        place
        for number in range(order.accounts)
        for place in make_places(order.account if number == 0 else f"{order.account} {number + 1}", now=now)
    ]
    _age_pixels(places, now - timedelta(days=order.days + 1))
    words = _words(order, places, now)
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS pg_temp.people, pg_temp.places")
        _write_places(cursor, places, order)
        cursor.execute(PEOPLE, words)
        cursor.execute("CREATE INDEX ON pg_temp.people (k)")
        cursor.execute("ANALYZE pg_temp.people")
        log("people")
        for model, columns, source in tables(_largest_id(cursor, Lead), _largest_id(cursor, Join)):
            for low in range(0, words["leads"], AT_ONCE):
                part = {**words, "low": low, "high": min(low + AT_ONCE, words["leads"])}
                _insert(cursor, model, columns, source, part)
            log(model._meta.verbose_name_plural)
        for model in (Lead, Join):
            _advance_sequence(cursor, model)
        cursor.execute("DROP TABLE pg_temp.people, pg_temp.places")


def _words(order: Order, places: list[Place], now: datetime) -> dict[str, Any]:
    """What the statements ask for by name."""
    first = len(places) // order.accounts
    return {
        "now": now,
        "began": now - timedelta(days=order.days),
        "leads": (order.conversions + 1) // 2,
        "conversions": order.conversions,
        "ads": order.ads,
        "run": sum(ord(letter) for letter in now.isoformat()),
        "first": sum(len(place.channels) for place in places[:first]),
        "others": sum(len(place.channels) for place in places[first:]),
        "stamp": now.strftime("%m%d%H%M%S%f"),
    }


def _write_places(cursor: Any, places: list[Place], order: Order) -> None:
    """One row a channel; `pixels` are the site's, of the first platforms."""
    cursor.execute(
        "CREATE TEMPORARY TABLE places (place int, account_id text, site_id text, domain text, currency text, "
        "channel_id text, bot_id text, event_type text, pixels text[], platforms text[])"
    )
    wanted = PIXELS[: order.pixels]
    number = 0
    for place in places:
        pixels = [pixel for pixel in place.pixels if pixel.platform in wanted]
        for channel in place.channels:
            cursor.execute(
                "INSERT INTO places VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
                [
                    number,
                    place.site.account_id,
                    place.site.pk,
                    place.site.domain,
                    place.currency,
                    channel.pk,
                    channel.bot_id,
                    channel.event_type,
                    [pixel.pk for pixel in pixels],
                    [pixel.platform for pixel in pixels],
                ],
            )
            number += 1


def _age_pixels(places: list[Place], moment: datetime) -> None:
    """As if nobody had touched them since before the first event: then the audit expects a send to each."""
    Pixel.objects.filter(site__in=[place.site for place in places]).update(updated_at=moment, created_at=moment)


# ------------------------------------------------------------------ SQL
def _insert(cursor: Any, model: type[models.Model], columns: Mapping[str, str], source: str, words: Any) -> None:
    fields = {field.name: field for field in model._meta.concrete_fields}
    unknown = set(columns) - set(fields)
    if unknown:
        raise LookupError(f"{model.__name__} has no {', '.join(sorted(unknown))}.")
    values, names = [], []
    given = dict(words)
    for name, field in fields.items():
        if name in columns:
            value = columns[name]
        elif field.primary_key:
            continue  # the database numbers them
        else:
            given[f"default_{name}"] = field.get_db_prep_save(field.get_default(), connection)
            value = f"%(default_{name})s"
        names.append(connection.ops.quote_name(field.column))
        values.append(f"({value})::{field.db_type(connection)}" if not field.is_relation else f"({value})")
    table = connection.ops.quote_name(model._meta.db_table)
    cursor.execute(f"INSERT INTO {table} ({', '.join(names)}) SELECT {', '.join(values)} {source}", given)


def _largest_id(cursor: Any, model: type[models.Model]) -> int:
    """The largest number in use; 0 where there is none."""
    cursor.execute(f"SELECT COALESCE(MAX(id), 0) FROM {connection.ops.quote_name(model._meta.db_table)}")
    return int(cursor.fetchone()[0])


def _advance_sequence(cursor: Any, model: type[models.Model]) -> None:
    table = model._meta.db_table
    cursor.execute(f"SELECT setval(pg_get_serial_sequence(%s, 'id'), (SELECT MAX(id) FROM {table}))", [table])


@contextlib.contextmanager
def without_indexes(log: Log = print) -> Iterator[None]:
    """Without foreign keys' checks, and without indexes that back no constraint, which are made again after."""
    names = [model._meta.db_table for model in FILLED]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT index.relname, pg_get_indexdef(index.oid) FROM pg_index "
            "JOIN pg_class AS index ON index.oid = indexrelid JOIN pg_class AS rel ON rel.oid = indrelid "
            "WHERE rel.relname = ANY(%s) AND NOT index.relispartition "
            "AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)",
            [names],
        )
        found = cursor.fetchall()
        cursor.execute("SET statement_timeout = 0")
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("SET synchronous_commit = off")
        for index, _ in found:
            cursor.execute(f'DROP INDEX "{index}"')
        try:
            yield
        finally:
            cursor.execute("SET maintenance_work_mem = '512MB'")
            for _, definition in found:
                cursor.execute(definition.replace(" ON ONLY ", " ON "))
            log("indexes")
            cursor.execute("SET session_replication_role = DEFAULT")


def main() -> None:
    order, now, began = _order(), timezone.now(), time.monotonic()

    def log(text: Any) -> None:
        print(f"{time.monotonic() - began:6.1f} s  {text}", flush=True)

    if connection.vendor != "postgresql":
        raise SystemExit("DATABASE_URL names no PostgreSQL; on SQLite use manage.py seed.")
    with without_indexes(log):
        fill(order, now=now, log=log)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    log("vacuumed and analysed")
    seconds = time.monotonic() - began
    print(f"{order.conversions:,} conversions in {seconds:.0f} s: {order.conversions / seconds * 60:,.0f} a minute")


def _order() -> Order:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--conversions", type=int, default=1_000_000)
    parser.add_argument("--days", type=int, default=120, help="how far back they go")
    parser.add_argument("--pixels", type=int, default=4, choices=range(5), help="of each site, each with a send")
    parser.add_argument("--accounts", type=int, default=2, help="the first gets nine tenths")
    parser.add_argument("--ads", type=int, default=1000, help="different ads")
    parser.add_argument("--account", default="Filled", help="name of the first")
    return Order(**vars(parser.parse_args()))


if __name__ == "__main__":
    main()
