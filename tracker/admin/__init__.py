"""Pages of the Django admin, one module a model; importing registers them."""

from tracker.admin import invite, join, telegram_update, unattributable_click, visit  # noqa: F401
