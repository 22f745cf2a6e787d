"""Stand-ins for the outside services: local servers that check and answer as those do, or fail on demand.

Independent of our own payload code on purpose: what that code gets wrong must not be right here.
"""
