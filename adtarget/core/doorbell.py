"""Publishes Celery tasks without waiting and without raising: only a hint that rows are due.

A request leaves a task's name and ids here and goes on; one thread of the process
publishes them. Without a broker they are dropped, and the sweep finds the rows.
"""

import os
import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

import structlog
from celery import current_app

log = structlog.get_logger(__name__)

Call = tuple[str, tuple[tuple[str, str], ...]]
#: Tasks that take further ids as `also`.
GATHERED = frozenset({"dispatch.deliver_due"})

GATHER_SECONDS = 0.001  # a request rings once for each of its pixels
APART_SECONDS = 0.01  # between two rounds: one message speaks for all that rang meanwhile
MOST_TOGETHER = 16  # ids in one message
REST_SECONDS = 1.0  # after a failure, before the broker is asked again


class Doorbell:
    """Tasks waiting to be published, each once however often it was called meanwhile."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._waiting: set[Call] = set()
        self._process = 0

    def call(self, task: str, **ids: str) -> None:
        with self._condition:
            self._waiting.add((task, tuple(sorted(ids.items()))))
            if self._process != os.getpid():  # threads do not survive gunicorn's fork
                self._process = os.getpid()
                threading.Thread(target=self._publish_forever, name="doorbell", daemon=True).start()
            self._condition.notify()

    def _publish_forever(self) -> None:
        published = -APART_SECONDS
        while True:
            with self._condition:
                while not self._waiting:
                    self._condition.wait()
            time.sleep(max(GATHER_SECONDS, published + APART_SECONDS - time.monotonic()))
            with self._condition:
                calls, self._waiting = self._waiting, set()
            try:
                for task, kwargs in _messages(calls):
                    current_app.send_task(task, kwargs=kwargs, retry=False, ignore_result=True)
            except Exception as error:
                log.warning("doorbell lost, the sweep will find the rows", error=type(error).__name__)
                time.sleep(REST_SECONDS)
            published = time.monotonic()


def _messages(calls: Iterable[Call]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Tasks with their arguments: those that differ in one id alone share a message, which names the others in `also`.

    A worker of an earlier release passes over `also`; its sweep finds those rows.
    """
    alike: dict[tuple[str, str], list[str]] = defaultdict(list)
    for task, ids in sorted(calls):
        if len(ids) == 1 and task in GATHERED:
            ((name, value),) = ids
            alike[task, name].append(value)
        else:
            yield task, dict(ids)
    for (task, name), values in alike.items():
        for start in range(0, len(values), MOST_TOGETHER):
            first, *also = values[start : start + MOST_TOGETHER]
            yield task, {name: first, **({"also": also} if also else {})}


_doorbell = Doorbell()
call = _doorbell.call
