"""`manage.py seed`: an invented history of one account."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from adtarget.core.progress import Bar
from adtarget.demo import seeding


class Command(BaseCommand):
    help = (
        "Fills an account with an invented history: sites, channels, leads, visits, joins, conversions, and four sends "
        "of each. Nothing of it is ever delivered: all sends have ended and the pixels are paused. For trying out and "
        "measuring; 100,000 conversions take a few minutes and about a gigabyte."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--account", default="Seeded", help="Its name; made where there is none. (%(default)s)")
        parser.add_argument(
            "--conversions",
            type=int,
            default=100_000,
            help="Those with sends; organic joins and purchases that await their value come on top. (%(default)s)",
        )
        parser.add_argument("--days", type=int, default=90, help="How far back the history goes. (%(default)s)")
        parser.add_argument("--seed", type=int, default=1, help="The same number tells the same story. (%(default)s)")
        parser.add_argument("--again", action="store_true", help="Even where the account has events: adds to them.")

    def handle(self, *args: Any, **options: Any) -> None:
        order = seeding.Order(**{name: options[name] for name in ("account", "conversions", "days", "seed")})
        if order.conversions < 1 or order.days < 1:
            raise CommandError("--conversions and --days start at 1.")
        bar = Bar(order.conversions, self.stderr)
        try:
            account = seeding.seed(order, now=timezone.now(), progress=bar.advance, again=options["again"])
        except seeding.HasHistory as error:
            raise CommandError(f"{order.account} has events already; --again adds to them. Nothing changed.") from error
        self.stdout.write(
            f"{order.conversions:,} conversions with four sends each in {account.name}: /accounts/{account.pk}/"
        )
