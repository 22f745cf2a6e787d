"""Registers the project itself as an app, for its commands and system checks."""

from django.apps import AppConfig
from django.conf import settings

from adtarget.core import error_reports


class AdtargetConfig(AppConfig):
    """Makes the project an app, for its commands and checks."""

    name = "adtarget"

    def ready(self) -> None:
        from adtarget import celery, checks  # noqa: F401  (importing makes the Celery app current and the checks known)

        if settings.SENTRY_DSN:
            error_reports.report_errors_to_sentry(settings.SENTRY_DSN)
