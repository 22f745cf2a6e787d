"""Pages of the Django admin, one module a model; importing registers them."""

from dispatch.admin import pixel, send  # noqa: F401
