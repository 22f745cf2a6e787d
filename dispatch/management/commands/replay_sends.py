"""`manage.py replay_sends`: sends what failed or was skipped again, by filter; the event id stays the same."""

from argparse import ArgumentParser
from datetime import UTC, datetime, time
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from adtarget.core.progress import Bar
from dispatch import reasons, replaying
from dispatch.choices import SendStatus
from dispatch.platforms.registry import PLATFORMS
from dispatch.replaying import ENDED, Order, Outcomes


class Command(BaseCommand):
    help = "Sends failed and skipped events again, after everything else that is due. Sent ones are never touched."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--platform", choices=list(PLATFORMS), default="")
        parser.add_argument("--pixel", default="", help="Our pix_… id, or the platform's own.")
        parser.add_argument("--status", choices=[status.value for status in ENDED], help="Both where not given.")
        parser.add_argument("--reason", choices=reasons.codes(), default="")
        parser.add_argument(
            "--since", type=moment, help="Accepted at or after, such as 2026-09-01 or 2026-09-01T08:00Z."
        )
        parser.add_argument("--until", type=moment, help="Accepted before.")
        parser.add_argument("--dry-run", action="store_true", help="Say what would happen and change nothing.")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        sends = replaying.replay_filter(
            platform=options["platform"],
            pixel=options["pixel"],
            statuses=[SendStatus(options["status"])] if options["status"] else ENDED,
            reason=options["reason"],
            since=options["since"],
            until=options["until"],
        )
        bar = Bar(sends.count(), self.stderr)
        if options["dry_run"]:
            outcomes = replaying.examine(Order.REPLAY, sends, now=now, progress=bar.advance)
        else:
            outcomes = replaying.replay(sends, actor="manage.py replay_sends", now=now, progress=bar.advance)
        self._report(outcomes, verb="would be" if options["dry_run"] else "will be")

    def _report(self, outcomes: Outcomes, *, verb: str) -> None:
        self.stdout.write(f"{outcomes.done} {verb} sent again, {outcomes.left} {verb} left as they are.")
        for refusal, ids in outcomes.refused.items():
            self.stdout.write(f"  {len(ids)}: {refusal} For example {ids[0]}.")


def moment(text: str) -> datetime:
    """A date or a date and time; UTC where no zone is named."""
    try:
        day = parse_date(text)
        found = datetime.combine(day, time.min) if day else parse_datetime(text)
    except ValueError as error:
        raise CommandError(f"{text} is no moment: {error}.") from error
    if found is None:
        raise CommandError(f"{text} is no moment; write 2026-09-01 or 2026-09-01T08:00Z.")
    return found if found.tzinfo else found.replace(tzinfo=UTC)
