"""Dumps the running database consistently, and restores a dump into another one beside it."""

import os
import secrets
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from django.db import connection, transaction
from django.db.migrations.recorder import MigrationRecorder

DUMPS = {"postgresql": "database.dump", "sqlite": "database.sqlite3"}
_LIBPQ = {"host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD", "sslmode": "PGSSLMODE"}


class DatabaseTrouble(Exception):
    """A program of the database is missing or refused; the message says what to do."""


def dump(folder: Path) -> dict[str, int]:
    """Writes the database into `folder` under its name in DUMPS; the rows of each table in that very state."""
    file = folder / DUMPS[connection.vendor]
    return _dump_postgres(file) if connection.vendor == "postgresql" else _dump_sqlite(file)


def applied_migrations() -> list[str]:
    return sorted(f"{app}.{name}" for app, name in MigrationRecorder(connection).applied_migrations())


@contextmanager
def restored(folder: Path) -> Iterator[str]:
    """The DATABASE_URL of a new database with the dump in it, which is dropped again unless it was renamed."""
    if connection.vendor == "postgresql":
        name = f"adtarget_restore_{secrets.token_hex(4)}"
        _sql(f'CREATE DATABASE "{name}"')
        try:
            _run("pg_restore", "--no-owner", "--no-privileges", "--exit-on-error", "--dbname", name,
                 str(folder / DUMPS["postgresql"]))  # fmt: skip
            yield _postgres_url(name)
        finally:
            _sql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    else:
        yield f"sqlite:///{folder / DUMPS['sqlite']}"


def rows_of(database_url: str) -> dict[str, int]:
    """The rows of each table of a database that `restored` gave."""
    if database_url.startswith("sqlite"):
        with _opened(Path(database_url.removeprefix("sqlite:///"))) as database:
            return _count(database)
    import psycopg

    with psycopg.connect(database_url, autocommit=True) as postgres:
        return {table: int(postgres.execute(_counting(table)).fetchone()[0]) for table in _tables()}  # type: ignore[index]


def swap(database_url: str, *, former: str) -> str:
    """Puts the restored database in the place of the running one, which stays as `former`; where that is."""
    current = str(connection.settings_dict["NAME"])
    connection.close()
    if connection.vendor == "sqlite":
        return _swap_sqlite(database_url, current, kept=f"{current}.{former}")
    name = database_url.rpartition("/")[2]
    kept_name = f"{current}_{former}".replace("-", "_")
    _sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = ANY(%s)", [[current, name]])
    _sql(f'ALTER DATABASE "{current}" RENAME TO "{kept_name}"')
    _sql(f'ALTER DATABASE "{name}" RENAME TO "{current}"')
    return kept_name


# ------------------------------------------------------------------ PostgreSQL
def _dump_postgres(file: Path) -> dict[str, int]:
    """pg_dump and the counts see one snapshot."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        cursor.execute("SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0")
        cursor.execute("SELECT pg_export_snapshot()")
        snapshot = cursor.fetchone()[0]
        name = str(connection.settings_dict["NAME"])
        _run("pg_dump", "--format", "custom", "--snapshot", snapshot, "--file", str(file), "--dbname", name)
        counts = {}
        for table in _tables():
            cursor.execute(_counting(table))
            counts[table] = int(cursor.fetchone()[0])
    return counts


def _tables() -> list[str]:
    return sorted(connection.introspection.table_names())


def _run(program: str, *arguments: str) -> None:
    """Runs a program of PostgreSQL against the server of DATABASE_URL. Raises DatabaseTrouble."""
    found = _program(program)
    done = subprocess.run(  # noqa: S603
        [found, *arguments], env={**os.environ, **_server()}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise DatabaseTrouble(f"{program}: {done.stderr.strip().splitlines()[-1] if done.stderr.strip() else 'failed'}")


def _program(name: str) -> str:
    """On PATH, or where Debian keeps the newest one."""
    versions = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parts[-3]))
    found = str(versions[-1]) if versions else shutil.which(name)
    if not found:
        raise DatabaseTrouble(f"{name} is not installed. Install postgresql-client of your server's version.")
    return found


def _server() -> dict[str, str]:
    """The server and the person as libpq reads them; a password never stands in a command line."""
    given: Mapping[str, object] = connection.get_connection_params()
    return {variable: str(given[name]) for name, variable in _LIBPQ.items() if given.get(name)}


def _postgres_url(name: str) -> str:
    given: Mapping[str, object] = connection.get_connection_params()
    user, password = quote(str(given.get("user") or ""), safe=""), quote(str(given.get("password") or ""), safe="")
    host = quote(str(given.get("host") or ""), safe="")
    who = f"{user}:{password}@" if password else f"{user}@" if user else ""
    return f"postgres://{who}{host}:{given.get('port') or 5432}/{name}"


def _sql(statement: str, values: Sequence[object] = ()) -> None:
    """On a connection to the server's own database, since a database cannot drop or rename itself."""
    import psycopg

    with psycopg.connect(_postgres_url("postgres"), autocommit=True) as postgres:
        postgres.execute(statement, values or None)


# ------------------------------------------------------------------ SQLite
def _dump_sqlite(file: Path) -> dict[str, int]:
    """SQLite's own online copy: consistent while others write."""
    with _opened(Path(str(connection.settings_dict["NAME"]))) as source, _opened(file) as copy:
        source.backup(copy, pages=2000)
        copy.execute("PRAGMA journal_mode=DELETE")
        return _count(copy)


def _swap_sqlite(database_url: str, current: str, *, kept: str) -> str:
    for suffix in ("", "-wal", "-shm"):
        if (file := Path(current + suffix)).exists():
            file.rename(kept + suffix)
    shutil.move(database_url.removeprefix("sqlite:///"), current)
    return kept


@contextmanager
def _opened(file: Path) -> Iterator[sqlite3.Connection]:
    database = sqlite3.connect(file, timeout=60)
    try:
        yield database
    finally:
        database.close()


def _count(database: sqlite3.Connection) -> dict[str, int]:
    names = database.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    tables = sorted(name for (name,) in names.fetchall())
    return {table: database.execute(_counting(table)).fetchone()[0] for table in tables}


def _counting(table: str) -> str:
    return f"SELECT count(*) FROM {connection.ops.quote_name(table)}"  # noqa: S608  (a name from the catalogue)
