"""Stand-ins for the outside worlds: they speak, judge and misbehave as those do, and run only when asked for.

Independent of our own payload code on purpose: what that code gets wrong must not be right here.
"""
