from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from adtarget.sandbox.server import Sandbox


class Command(BaseCommand):
    help = (
        "Runs a stand-in for Meta, TikTok, Snapchat and Google: it judges events as strictly as they do and lists "
        "them on a page. Point META_API_URL, TIKTOK_API_URL, SNAPCHAT_API_URL, GOOGLE_API_URL and, with /token, "
        "GOOGLE_OAUTH_URL at it. Tokens that contain 'bad' or 'expired' are refused."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="address to bind (default: %(default)s)")
        parser.add_argument("--port", type=int, default=8010, help="port to bind (default: %(default)s)")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            sandbox = Sandbox(host=options["host"], port=options["port"])
        except OSError as error:
            raise CommandError(f"Port {options['port']} is taken. Choose another with --port.") from error
        self.stdout.write(f"Platform sandbox on {sandbox.url}/ (Ctrl-C stops it)")
        try:
            sandbox.serve_forever()
        except KeyboardInterrupt:
            self.stdout.write("Stopped.")
