"""Pages of the Django admin, one module a model; importing registers them."""

from leads.admin import account, api_key, audit_entry, bot, channel, lead, membership, site, user  # noqa: F401
