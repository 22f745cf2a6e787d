from django.apps import AppConfig


class AdtargetConfig(AppConfig):
    """Makes the project an app, for its commands and checks."""

    name = "adtarget"
