"""The pages of the Django admin; importing registers them."""

from leads.admin import everything  # noqa: F401
