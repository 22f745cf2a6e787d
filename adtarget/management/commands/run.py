"""`manage.py run`: runs web, worker and beat as one process tree."""

import os
import socket
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections
from django.utils import timezone

from adtarget.demo import account
from dispatch.platforms.registry import PLATFORMS


def sandbox_addresses() -> dict[str, str]:
    """The settings that name outside addresses, and the path that the sandbox serves each under."""
    exchanges = [platform.exchange for platform in PLATFORMS.values() if platform.exchange]
    return {
        **dict.fromkeys((platform.api_url_setting for platform in PLATFORMS.values()), ""),
        **{exchange.setting: urlsplit(exchange.url).path for exchange in exchanges},
        "TELEGRAM_API_URL": "",
    }


class Command(BaseCommand):
    help = "Migrates, then runs web, worker and beat as one tree until Ctrl-C."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--demo", action="store_true", help="With a demo account and a sandbox of the platforms.")

    def handle(self, *args: Any, demo: bool, verbosity: int, **options: Any) -> None:
        if settings.DEBUG:
            raise CommandError("DEBUG is for `manage.py runserver` only. Set DEBUG=false and start again.")
        refuse_taken_port()
        call_command("migrate", verbosity=0, interactive=False)
        arguments = ["--address", f"{reachable_host()}:{settings.PORT}"]
        if demo:
            arguments += prepare_demo()
        connections.close_all()
        sys.stdout.flush()
        os.chdir(settings.BASE_DIR)
        # Becomes the supervisor instead of keeping Django in memory behind it.
        os.execv(sys.executable, [sys.executable, "-m", "adtarget.supervisor", *arguments])  # noqa: S606


def refuse_taken_port() -> None:
    if settings.PORT == 0:
        raise CommandError("PORT=0 names no port that a landing page could be told. Choose one: PORT=9000 bin/run")
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.HOST, settings.PORT))
        except (OSError, OverflowError) as error:
            why = error.strerror if isinstance(error, OSError) else "it must be a number up to 65535"
            raise CommandError(
                f"Port {settings.PORT} cannot be used ({why}). Choose another: PORT=9000 bin/run"
            ) from error


def reachable_host() -> str:
    """The address under which this machine reaches HOST."""
    return "127.0.0.1" if settings.HOST in {"0.0.0.0", ""} else str(settings.HOST)  # noqa: S104


def prepare_demo() -> list[str]:
    """Provisions the demo, points the platforms at the sandbox, writes what is printed when all is up."""
    ready = account.prepare(Path(settings.VAR_DIR) / "demo.json", now=timezone.now())
    port = sandbox_port()
    sandbox = f"http://127.0.0.1:{port}"
    for name, path in sandbox_addresses().items():
        os.environ.setdefault(name, f"{sandbox}{path}")
    os.environ["DEMO"] = "true"  # serves the landing page
    address = f"http://{reachable_host()}:{settings.PORT}"
    file = _write_greeting(account.greeting(ready, address=address, sandbox=sandbox, person=int(time.time() * 1000)))
    # The sandbox brings its Telegram updates here: a process that polls for them costs 90 MB.
    bring_updates = f"telegram: python manage.py telegram_setup --url {address} --bot {account.BOT['username']}"
    serve_sandbox = f"sandbox: python -m adtarget.sandbox --port {port}"
    return ["--greeting", str(file), "--also", serve_sandbox, "--errand", bring_updates]


def _write_greeting(text: str) -> Path:
    """It holds the demo's password: for the user alone."""
    file = Path(settings.VAR_DIR) / "greeting.txt"
    file.touch(mode=0o600)
    file.write_text(text)
    return file


def sandbox_port() -> int:
    """The one after ours, so that it is the same at every start; any free one where that is taken."""
    for wanted in (settings.PORT + 1, 0):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", wanted))
            except (OSError, OverflowError):
                continue
            return int(probe.getsockname()[1])
    raise CommandError("No free port for the sandbox.")
