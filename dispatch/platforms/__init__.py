"""Adapters: one folder a platform, and the registry of them all."""
