"""Bot API calls: one POST, then Telegram's result or TelegramError.

The token is part of the URL, so no URL is ever logged or shown.
"""

import json
from collections.abc import Mapping
from typing import Any

from django.conf import settings

from adtarget.core import http
from adtarget.core.http_messages import HttpAnswer

MOST_BYTES = 4 * 1024 * 1024  # a hundred long messages in one getUpdates


class TelegramError(Exception):
    """Telegram refused; `code` is 0 where it gave no answer that can be read."""

    def __init__(
        self, code: int, description: str, *, retry_after: int | None = None, migrate_to_chat_id: int | None = None
    ) -> None:
        super().__init__(f"{code} {description}")
        self.code = code
        self.description = description
        self.retry_after = retry_after
        self.migrate_to_chat_id = migrate_to_chat_id


def call(bot_token: str, method: str, *, params: Mapping[str, Any], deadline_seconds: float | None = None) -> Any:
    """The method's result. Raises TelegramError; ends within 10 s of wall clock, or sooner where asked."""
    answer = http.post(
        f"{settings.TELEGRAM_API_URL}/bot{bot_token}/{method}",
        headers={"Content-Type": "application/json"},
        body=json.dumps(params).encode(),
        deadline_seconds=deadline_seconds or settings.DISPATCH_ATTEMPT_SECONDS,
        max_bytes=MOST_BYTES,
    )
    body = _read(answer)
    if body.get("ok") is True:
        return body.get("result")
    raise _refusal(answer, body)


def _refusal(answer: HttpAnswer, body: dict[str, Any]) -> TelegramError:
    given = body.get("parameters")
    parameters = given if isinstance(given, dict) else {}
    return TelegramError(
        _integer(body.get("error_code")) or (answer.status if answer.status >= 400 else 0),
        str(body.get("description") or answer.error or "Telegram's answer could not be read."),
        retry_after=_integer(parameters.get("retry_after")) or _header_wait(answer),
        migrate_to_chat_id=_integer(parameters.get("migrate_to_chat_id")),
    )


def _read(answer: HttpAnswer) -> dict[str, Any]:
    """Telegram's envelope; empty where the answer is cut or no envelope at all."""
    try:
        body = json.loads(answer.body) if answer.complete else None
    except (ValueError, RecursionError):
        body = None
    return body if isinstance(body, dict) else {}


def _integer(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _header_wait(answer: HttpAnswer) -> int | None:
    return int(answer.retry_after.total_seconds()) if answer.retry_after else None
