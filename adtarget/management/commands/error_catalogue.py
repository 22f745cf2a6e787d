"""Prints docs/errors.md from the code."""

from typing import Any

from django.core.management.base import BaseCommand

from adtarget.openapi.catalogue import markdown


class Command(BaseCommand):
    help = "Prints the catalogue of error codes and reasons: docs/errors.md."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(markdown(), ending="")
