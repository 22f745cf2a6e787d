"""`manage.py run_sandbox`: runs the stand-ins for the ad platforms and Telegram."""

import ipaddress
import textwrap
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from adtarget.management.commands.run import sandbox_addresses
from adtarget.sandbox.server import Sandbox

HELP = """
Runs a stand-in for the ad platforms and Telegram. It judges what comes as strictly as they do,
answers in their words, and lists it all on a page. It can be told to misbehave there and under /_sandbox/faults.
Point the settings it prints, such as META_API_URL, at it. Tokens that contain "bad" or "expired" are refused.
"""


class Command(BaseCommand):
    help = HELP.strip().replace("\n", " ")
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
        parser.add_argument("--port", type=int, default=8010, help="port to listen on; 0: any (default: %(default)s)")
        parser.add_argument("--local-links", action="store_true", help="invite links lead here, not to t.me")

    def handle(self, *args: Any, host: str, port: int, local_links: bool, **options: Any) -> None:
        try:
            sandbox = Sandbox(host=host, port=port, local_links=local_links)
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or error
            raise CommandError(f"Cannot listen on {host}:{port}: {reason}. Choose another port with --port.") from error
        self.stdout.write(f"Platform sandbox on {sandbox.url}/ (Ctrl-C stops it)")
        if not _is_loopback(host):
            self.stdout.write(self.style.WARNING("It has no login: everybody who reaches this address may use it."))
        self.stdout.write(_environment(sandbox.url))
        try:
            sandbox.serve_forever()
        except KeyboardInterrupt:
            self.stdout.write("Stopped.")
        finally:
            sandbox.close()


def _environment(url: str) -> str:
    lines = [f"{name}={url}{path}" for name, path in sandbox_addresses().items()]
    return textwrap.indent("\n".join(lines), "  ")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
