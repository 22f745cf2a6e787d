"""`manage.py audit_sends`: proves accepted = sent + skipped + failed + open, and names every orphan."""

import json
from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from dispatch import auditing
from dispatch.auditing import Report
from dispatch.choices import SendStatus


class Command(BaseCommand):
    help = "Proves that no send is lost, stuck or doubled. Exit code 0 only if all holds. Changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="One JSON document on standard output.")
        parser.add_argument("--at", type=datetime.fromisoformat, help="As of this moment, for a restored backup.")

    def handle(self, *args: Any, **options: Any) -> None:
        report = auditing.audit(options["at"] or timezone.now())
        self.stdout.write(as_json(report) if options["json"] else as_text(report))
        if not report.is_clean:
            raise SystemExit(1)


def as_json(report: Report) -> str:
    document = {
        "ok": report.is_clean,
        "accepted": report.accepted,
        **report.by_status,
        "orphans": {promise: ids for promise, ids in report.orphans.items() if ids},
    }
    return json.dumps(document, indent=2)


def as_text(report: Report) -> str:
    words = {status: "open" if status == SendStatus.PENDING else status for status in report.by_status}
    parts = " + ".join(f"{count} {words[status]}" for status, count in report.by_status.items())
    lines = [f"{report.accepted} accepted {'=' if report.adds_up else '≠'} {parts}"]
    for promise, ids in report.orphans.items():
        lines.append(f"{'✗' if ids else '✓'} {promise}: {len(ids) or 'none'}")
        lines += [f"    {orphan}" for orphan in ids]
    lines.append("All holds." if report.is_clean else "Something is wrong.")
    return "\n".join(lines)
