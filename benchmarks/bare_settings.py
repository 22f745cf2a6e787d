"""The yardstick's settings: the same database, nothing of ours around the view."""

from adtarget.settings import *  # noqa: F403

ROOT_URLCONF = "benchmarks.bare"
MIDDLEWARE: list[str] = []
