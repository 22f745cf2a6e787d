from django.apps import AppConfig


class AdtargetConfig(AppConfig):
    """Makes the project an app, for its commands and checks."""

    name = "adtarget"

    def ready(self) -> None:
        from adtarget import celery, checks  # noqa: F401  (importing makes the Celery app current and the checks known)
