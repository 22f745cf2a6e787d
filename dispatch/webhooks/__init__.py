"""Outgoing webhooks: signed messages to an account's own systems about what became of its events."""
