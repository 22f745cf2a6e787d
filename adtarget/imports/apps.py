"""Registers the imports app with Django."""

from django.apps import AppConfig


class ImportsConfig(AppConfig):
    name = "adtarget.imports"
    label = "imports"
    default_auto_field = "django.db.models.BigAutoField"
