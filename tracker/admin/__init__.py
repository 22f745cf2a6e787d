"""The pages of the Django admin; importing registers them."""

from tracker.admin import everything  # noqa: F401
