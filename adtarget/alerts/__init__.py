"""Tells an account's people what needs them: what was found, to whom it was told, and when it was over."""
