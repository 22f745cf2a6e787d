"""Registers the alerts app with Django."""

from django.apps import AppConfig


class AlertsConfig(AppConfig):
    name = "adtarget.alerts"
    label = "alerts"
    default_auto_field = "django.db.models.BigAutoField"
