"""Registers the outgoing webhooks as an app with Django."""

from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    name = "dispatch.webhooks"
    label = "webhooks"
    default_auto_field = "django.db.models.BigAutoField"
