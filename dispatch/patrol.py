"""A thread of each worker that reports it alive and delivers overdue sends without broker or beat.

Celery has lost its connection to Redis without noticing before (celery #8030,
#10205), and beat may be down. Whatever is overdue by two sweeps is taken up
here, straight from the table.
"""

import os
import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import structlog
from celery import bootsteps
from django.conf import settings
from django.db import connection
from django.utils import timezone

from adtarget.core import heartbeat

log = structlog.get_logger(__name__)


class Patrol(bootsteps.StartStopStep):
    """The thread; it runs every DISPATCH_SWEEP_SECONDS."""

    def __init__(self, parent: Any, **kwargs: Any) -> None:
        self._stop = threading.Event()
        self._name = f"{socket.gethostname()}-{os.getpid()}"

    def start(self, parent: Any) -> None:
        threading.Thread(target=self._walk, name="patrol", daemon=True).start()

    def stop(self, parent: Any) -> None:
        self._stop.set()

    terminate = stop

    def _walk(self) -> None:
        with ThreadPoolExecutor(max_workers=8, thread_name_prefix="patrol") as threads:
            heartbeat.beat(self._name)
            while not self._stop.wait(settings.DISPATCH_SWEEP_SECONDS):
                try:
                    heartbeat.beat(self._name)
                    for pixel_id in overdue_pixels():
                        threads.submit(deliver_overdue, pixel_id)
                    for endpoint_id in overdue_endpoints():
                        threads.submit(tell_overdue, endpoint_id)
                except Exception:  # the round goes on, whatever the database did
                    log.exception("patrol interrupted")
                finally:
                    connection.close()


def overdue_pixels() -> list[str]:
    """Pixels whose sends are overdue by two sweeps."""
    from dispatch import sweeping  # models exist only once Django is set up, after this module is named

    return sweeping.due_pixels(_two_sweeps_ago())


def overdue_endpoints() -> list[str]:
    """Webhook endpoints whose messages are overdue by two sweeps."""
    from dispatch.webhooks import delivering

    return delivering.due_endpoints(_two_sweeps_ago())


def deliver_overdue(pixel_id: str) -> None:
    from dispatch import tasks

    _carry_out(tasks.deliver_due_sends, pixel_id=pixel_id)


def tell_overdue(endpoint_id: str) -> None:
    from dispatch.webhooks import tasks

    _carry_out(tasks.deliver_due_messages, endpoint_id=endpoint_id)


def _two_sweeps_ago() -> datetime:
    return timezone.now() - 2 * timedelta(seconds=settings.DISPATCH_SWEEP_SECONDS)


def _carry_out(task: Callable[..., None], **ids: str) -> None:
    try:
        task(**ids)
    except Exception:
        log.exception("overdue delivery failed", **ids)
    finally:
        connection.close()
