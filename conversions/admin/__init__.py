"""The pages of the Django admin; importing registers them."""

from conversions.admin import everything  # noqa: F401
