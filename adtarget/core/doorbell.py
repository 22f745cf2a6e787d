"""Publishes Celery tasks without waiting and without raising: only a hint that rows are due.

A request leaves a task's name and ids here and goes on; one thread of the process
publishes them. Without a broker they are dropped, and the sweep finds the rows.
"""

import os
import threading
import time

import structlog
from celery import current_app

log = structlog.get_logger(__name__)

GATHER_SECONDS = 0.05  # one message speaks for all that rang meanwhile; publishing costs more than waiting
REST_SECONDS = 1.0  # after a failure, before the broker is asked again


class Doorbell:
    """Tasks waiting to be published, each once however often it was called meanwhile."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._waiting: set[tuple[str, tuple[tuple[str, str], ...]]] = set()
        self._process = 0

    def call(self, task: str, **ids: str) -> None:
        with self._condition:
            self._waiting.add((task, tuple(sorted(ids.items()))))
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
                calls, self._waiting = self._waiting, set()
            try:
                for task, ids in calls:
                    current_app.send_task(task, kwargs=dict(ids), retry=False, ignore_result=True)
            except Exception as error:
                log.warning("doorbell lost, the sweep will find the rows", error=type(error).__name__)
                time.sleep(REST_SECONDS)


_doorbell = Doorbell()
call = _doorbell.call
