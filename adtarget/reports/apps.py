"""Registers the reports app with Django."""

from django.apps import AppConfig


class ReportsConfig(AppConfig):
    name = "adtarget.reports"
    label = "reports"
    default_auto_field = "django.db.models.BigAutoField"
