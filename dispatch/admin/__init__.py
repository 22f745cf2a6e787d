"""The pages of the Django admin; importing registers them."""

from dispatch.admin import everything  # noqa: F401
