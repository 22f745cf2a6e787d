"""Recognises, counts and logs queue messages that no worker can read; their content is neither kept nor logged.

A message only says "look": what it asked for is in the database and is found without it.
"""

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import redis
import structlog
from django.conf import settings

from adtarget.core import heartbeat

KEY = "adtarget:unreadable-messages"

log = structlog.get_logger(__name__)


class ReadableOnly:
    """Mixed into a kombu channel: a consumer gets no message that Celery could stumble over."""

    def basic_consume(
        self, queue: str, no_ack: bool, callback: Callable[..., Any], consumer_tag: str, **options: Any
    ) -> None:
        super().basic_consume(queue, no_ack, callback, consumer_tag, **options)  # type: ignore[misc]
        callbacks = self.connection._callbacks  # type: ignore[attr-defined]
        take = callbacks[queue]

        def take_readable(raw: Any) -> Any:
            if is_readable(raw):
                return take(raw)
            return note_dropped(queue, "not a task")

        callbacks[queue] = take_readable


def is_readable(raw: Any) -> bool:
    """Whether a message has the form that Celery publishes (protocol 2, JSON)."""
    try:
        properties, headers = raw["properties"], raw["headers"]
        body = raw["body"]
        if properties.get("body_encoding") == "base64":
            body = base64.b64decode(body, validate=True)
        arguments, keywords, _ = json.loads(body)
        texts = [properties["delivery_tag"], headers["task"], headers["id"], raw["content-type"]]
        route = properties["delivery_info"]
        texts += [route["exchange"], route["routing_key"]]
        is_formed = isinstance(arguments, list) and isinstance(keywords, dict) and raw["content-encoding"] == "utf-8"
    except (AttributeError, KeyError, LookupError, RecursionError, TypeError, ValueError):
        return False
    return is_formed and all(isinstance(text, str) for text in texts)


def note_dropped(queue: str, kind: str) -> None:
    """Counts and logs one that was dropped. Never raises."""
    log.error("unreadable message dropped", queue=queue[:100], kind=kind)
    try:
        if settings.EMBEDDED:
            with _file().open("ab") as file:
                file.write(b".")  # one byte each: appending is atomic
        else:
            heartbeat.client().incr(KEY)
    except (OSError, redis.RedisError) as error:
        log.warning("dropped message not counted", error=type(error).__name__)


def count_dropped() -> int:
    """How many were dropped since the installation began. Raises OSError or RedisError."""
    if settings.EMBEDDED:
        return _file().stat().st_size if _file().exists() else 0
    return int(cast(bytes | None, heartbeat.client().get(KEY)) or 0)


def _file() -> Path:
    return Path(settings.VAR_DIR) / "unreadable-messages"
