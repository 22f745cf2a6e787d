"""Celery's consumer, which drops messages it cannot work on without writing them into the log."""

from typing import Any

from celery.utils.log import get_logger
from celery.worker import consumer

from adtarget.core.unreadable_messages import note_dropped

logger = get_logger(__name__)
_Consumer: Any = consumer.Consumer  # the stubs leave out what is private


class Consumer(_Consumer):
    """What it does not know is counted and logged by its kind."""

    def on_decode_error(self, message: Any, exc: Exception) -> None:
        note_dropped("adtarget", "not JSON")
        message.ack_log_error(logger, self.connection_errors)

    def on_unknown_message(self, body: Any, message: Any) -> None:
        self._reject(message, "not a task")

    def on_unknown_task(self, body: Any, message: Any, exc: Exception) -> None:
        self._reject(message, "unknown task")

    def on_invalid_task(self, body: Any, message: Any, exc: Exception) -> None:
        self._reject(message, "invalid task")

    def _reject(self, message: Any, kind: str) -> None:
        note_dropped("adtarget", kind)
        message.reject_log_error(logger, self.connection_errors)
