"""A stand-in for the outside worlds, speaking as they do; runs only when asked for."""
