"""Tells a worker to look. Never waits, never raises: the row is the truth, this is only speed.

A request leaves the pixel's id here and goes on; one thread of the process
publishes. With the broker away the ids are dropped and the sweep finds the rows.
"""

import os
import threading
import time

import structlog

from adtarget.celery import app

log = structlog.get_logger(__name__)

GATHER_SECONDS = 0.02  # one message speaks for all that rang meanwhile; publishing costs more than waiting
REST_SECONDS = 1.0  # after a failure, before the broker is asked again


class Doorbell:
    """Pixel ids waiting to be published; each once, however often it rang meanwhile."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._waiting: set[str] = set()
        self._process = 0

    def ring(self, pixel_id: str) -> None:
        with self._condition:
            self._waiting.add(pixel_id)
            if self._process != os.getpid():  # threads do not survive gunicorn's fork
                self._process = os.getpid()
                threading.Thread(target=self._publish_forever, name="doorbell", daemon=True).start()
            self._condition.notify()

    def _publish_forever(self) -> None:
        while True:
            with self._condition:
                while not self._waiting:
                    self._condition.wait()
            time.sleep(GATHER_SECONDS)
            with self._condition:
                pixel_ids, self._waiting = self._waiting, set()
            try:
                for pixel_id in pixel_ids:
                    app.send_task(
                        "dispatch.deliver_due", kwargs={"pixel_id": pixel_id}, retry=False, ignore_result=True
                    )
            except Exception as error:
                log.warning("doorbell lost, the sweep will find the sends", error=type(error).__name__)
                time.sleep(REST_SECONDS)


_doorbell = Doorbell()
ring = _doorbell.ring
