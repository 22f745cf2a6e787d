"""Pages of the Django admin, one module a model; importing registers them."""

from conversions.admin import conversion  # noqa: F401
