"""Tells an account's own systems what became of its events: an outbox, signed, on the engine of the sends."""
