"""Kinds of alerts, occasions and ways to notify."""

from django.db.models import TextChoices


class AlertKind(TextChoices):
    PIXEL_PAUSED = "pixel_paused", "A pixel is paused"
    FAILURES = "failures", "Many sends fail"
    SILENCE = "silence", "No events come in"
    VALUES = "values", "Values run out of time"
    BOT = "bot", "A bot cannot work"
    UNREADABLE = "unreadable", "Stored data cannot be read"
    LINKS = "links", "Invite links run short"
    STORAGE = "storage", "A site keeps too many visits"


class Occasion(TextChoices):
    OPENED = "opened"
    REMINDER = "reminder", "Still open"
    RESOLVED = "resolved"


class Route(TextChoices):
    EMAIL = "email", "E-mail"
    TELEGRAM = "telegram", "Telegram"
