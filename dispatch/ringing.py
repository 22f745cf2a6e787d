"""Asks a worker to deliver a pixel's due sends soon; the sweep finds them without it."""

from adtarget.core import doorbell


def ring(pixel_id: str) -> None:
    """Publishes the task; never waits, never raises."""
    doorbell.call("dispatch.deliver_due", pixel_id=pixel_id)
