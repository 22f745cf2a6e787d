"""Searches leads by Telegram id, @username or external id, each whole."""

import re

from django.db.models import Q
from django.db.models.functions import Upper
from django.db.models.lookups import Exact

from leads.models.lead import LARGEST_TELEGRAM_ID

USERNAME = re.compile(r"@?[A-Za-z][A-Za-z0-9_]{0,63}")


def telegram_id(text: str) -> int | None:
    """The Telegram id that a text may be."""
    if text.isascii() and text.isdigit() and len(text) <= 16 and 1 <= int(text) <= LARGEST_TELEGRAM_ID:
        return int(text)
    return None


def known_as(text: str) -> Q:
    """Leads of this Telegram id, username or external id. In any case of letters."""
    known = Q(external_user_id=text) & ~Q(external_user_id="")
    if USERNAME.fullmatch(text):
        known |= Q(Exact(Upper("telegram_username"), text.removeprefix("@").upper()))
    if (person := telegram_id(text)) is not None:
        known |= Q(telegram_user_id=person)
    return known
