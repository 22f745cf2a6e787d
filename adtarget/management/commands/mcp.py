"""`manage.py mcp`: the MCP server of clients/mcp for this installation."""

import os
import sys
from importlib import import_module
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser


class Command(BaseCommand):
    help = (
        "Serves this installation to an assistant over the Model Context Protocol: on standard input and output with "
        "the API key in ADTARGET_KEY, or over HTTP, where each caller sends a key. Read-only unless --allow-writes. "
        "clients/mcp/README.md describes the tools."
    )
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--url", default=f"http://127.0.0.1:{settings.PORT}", help="Of the API. (%(default)s)")
        parser.add_argument("--http", metavar="HOST:PORT", help="Serve HTTP at /mcp instead.")
        parser.add_argument("--allow-writes", action="store_true", help="Also record events and retry sends.")

    def handle(self, *args: Any, **options: Any) -> None:
        sys.path.append(str(settings.BASE_DIR / "clients" / "mcp" / "src"))
        try:
            server = import_module("adtarget_mcp.__main__")
        except ImportError as error:
            raise CommandError(f"{error}. Install it: .venv/bin/pip install ./clients/mcp") from error
        if not options["http"] and not os.environ.get("ADTARGET_KEY", "").startswith("atk_"):
            raise CommandError("Set ADTARGET_KEY to an API key; it starts with atk_live_ or atk_test_.")
        more = ["--http", options["http"]] if options["http"] else []
        more += ["--allow-writes"] if options["allow_writes"] else []
        server.main(["--url", options["url"], *more])
