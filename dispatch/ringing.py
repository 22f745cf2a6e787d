"""Asks a worker to deliver a pixel's due sends soon. Only speeds things up: dispatch/sweeping.py finds them too."""

from adtarget.core import doorbell


def ring(pixel_id: str) -> None:
    """Publishes the task; never waits, never raises."""
    doorbell.call("dispatch.deliver_due", pixel_id=pixel_id)
