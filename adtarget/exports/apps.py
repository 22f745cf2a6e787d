"""Registers the exports app with Django."""

from django.apps import AppConfig


class ExportsConfig(AppConfig):
    name = "adtarget.exports"
    label = "exports"
    default_auto_field = "django.db.models.BigAutoField"
