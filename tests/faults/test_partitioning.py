"""Visits made one table and partitioned again while requests come in."""

from pathlib import Path

import psycopg
import pytest

from tests.faults.partitioning import Traffic, Watch, give_channel_a_link, problems
from tests.faults.stack import Stack

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("stack")]


def test_no_request_fails_while_visits_are_partitioned(stack: Stack, tmp_path: Path) -> None:
    if not stack.server:
        pytest.skip("Only PostgreSQL has partitions.")
    give_channel_a_link(stack)
    stack.convert(31)  # what judges the answers is made at the first one, by one thread
    with Watch(stack.env["DATABASE_URL"]) as watch:
        traffic = Traffic(stack, stack.port, pause=0.3)  # within the limit of an address
        try:
            stack.manage("partition_tables", "--undo")
            stack.manage("partition_tables")
        finally:
            traffic.stop()
    assert problems(stack, traffic, watch) == []
    assert _is_partitioned(stack)


def _is_partitioned(stack: Stack) -> bool:
    with psycopg.connect(stack.env["DATABASE_URL"]) as connection:
        row = connection.execute("SELECT relkind::text FROM pg_class WHERE oid = 'tracker_visit'::regclass").fetchone()
    return row == ("p",)
