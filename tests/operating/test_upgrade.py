"""Sends that were accepted before a deploy are delivered after it.

`releases/` holds databases as an earlier release left them, on SQLite: three
purchases accepted for four pixels, with nobody there to send them.
"""

import sqlite3
from pathlib import Path

import pytest

from tests.faults.stack import Stack, wait_for

pytestmark = [pytest.mark.processes, pytest.mark.embedded]

RELEASES = sorted((Path(__file__).parent / "releases").glob("*.sql"))
#: What that installation had in its environment: the dump's secrets open with it.
SECRETS = {
    "SECRET_KEY": "of-the-earlier-release",
    "FIELD_ENCRYPTION_KEY": "ZWFybGllci1yZWxlYXNlLWtleS1vZi0zMi1ieXRlcyE=",
}
READ_AMOUNTS = """
from conversions.models import Conversion
from leads.models import Channel
for row in Conversion.objects.order_by("telegram_user_id"):
    print(row.value)
print("channel", Channel.objects.get().value)
"""


@pytest.mark.promise("R17")
@pytest.mark.parametrize("release", RELEASES, ids=lambda file: file.stem)
def test_what_an_earlier_release_accepted_is_delivered_after_the_upgrade(tmp_path, release) -> None:
    database = sqlite3.connect(tmp_path / "db.sqlite3")
    database.executescript(release.read_text())
    accepted = {row[0] for row in database.execute("SELECT id FROM conversions_conversion")}
    database.close()

    with Stack(tmp_path, **SECRETS) as stack:  # migrates
        stack.start("worker", "beat")

        for platform in ("meta", "tiktok", "snapchat", "google"):
            wait_for(lambda name=platform: set(stack.accepted_event_ids(name)) == accepted)
        wait_for(lambda: "0 open" in stack.manage("audit_sends"))
    assert len(accepted) == 3


def test_amounts_of_the_earlier_release_are_read_exactly(tmp_path) -> None:
    database = sqlite3.connect(tmp_path / "db.sqlite3")
    database.executescript((Path(__file__).parent / "releases" / "before_exact_money.sql").read_text())
    database.close()

    with Stack(tmp_path, **SECRETS) as stack:  # migrates
        shown = stack.manage("shell", "-v0", "-c", READ_AMOUNTS)
    assert shown.split() == ["49.9000", "123456789012.3456", "999999999999.9999", "channel", "123456789012.3456"]
