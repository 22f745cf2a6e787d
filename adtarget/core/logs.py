"""Configures logging: one line a record, with the request id, without secrets."""

import logging
import re
from contextvars import ContextVar
from typing import Any

import structlog

# Settings import this module, and gunicorn's parent process imports settings: it stays light.

#: Of the request that is being answered; its secret parts are cut out of every line.
request_path: ContextVar[str] = ContextVar("request_path", default="")

_SECRETS = re.compile(
    r"(atk_(?:live|test)_[a-z0-9]{8}_)\w+|((?:access_token|refresh_token|client_secret)[=\"': ]+)[^&\s\"']+"
    r"|(Bearer\s+)[^\s\"']+|(/bot\d+:)[\w-]+",
    re.IGNORECASE,
)
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def redact(text: str) -> str:
    """The text without API keys, platform tokens and bot tokens."""
    return _SECRETS.sub(lambda found: next(group for group in found.groups() if group) + "…", text)


def redact_event(_logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    return {key: redact(value) if isinstance(value, str) else value for key, value in event.items()}


def hide_secret_path(_logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Replaces the request's path where it is a secret: Django names it in its own lines and tracebacks."""
    path = request_path.get()
    if not path or not any(isinstance(value, str) and path in value for value in event.values()):
        return event
    from adtarget.core.shown_path import shown_path  # needs the URLs, which the settings must not load

    shown = shown_path(path)
    return {key: value.replace(path, shown) if isinstance(value, str) else value for key, value in event.items()}


def escape_controls(_logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Escapes control characters, so that a value cannot forge a log line; JSON escapes by itself."""
    return {
        key: _CONTROLS.sub(lambda found: repr(found[0])[1:-1], value)
        if isinstance(value, str) and key not in ("exception", "stack")
        else value
        for key, value in event.items()
    }


class HasTraceback(logging.Filter):
    """Drops Django's line for each 4xx and 5xx, which the request log has already, unless it holds an exception."""

    def filter(self, record: logging.LogRecord) -> bool:
        return record.exc_info is not None


class WithoutAddress(logging.Filter):
    """Cuts the address out of gunicorn's line about a request that it cannot handle."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(map(_without_address, record.args))
        return True


def _without_address(argument: object) -> object:
    if not (isinstance(argument, str) and argument.startswith("/")):
        return argument
    from adtarget.core.shown_path import shown_path  # needs the URLs, which the settings must not load

    return shown_path(argument.partition("?")[0])


def logging_config(*, log_format: str, axiom: dict[str, str] | None = None) -> dict[str, Any]:
    """Django's LOGGING: standard-library and structlog records through the same processors."""
    _configure_structlog()
    handlers: dict[str, Any] = {"console": {"class": "logging.StreamHandler", "formatter": log_format}}
    if axiom:
        handlers["axiom"] = {"class": "adtarget.core.axiom.AxiomHandler", "formatter": "json", **axiom}
    as_text, as_json = structlog.dev.ConsoleRenderer(colors=False), structlog.processors.JSONRenderer()
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": _formatter(as_json), "console": _formatter(escape_controls, as_text)},
        "filters": {"traceback": {"()": HasTraceback}, "address": {"()": WithoutAddress}},
        "handlers": handlers,
        "root": {"handlers": list(handlers), "level": logging.INFO},
        "loggers": _LOGGERS,
    }


def _configure_structlog() -> None:
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_SHARED,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )


def _formatter(*render: Any) -> dict[str, Any]:
    last = [structlog.processors.format_exc_info, hide_secret_path, redact_event, *render]
    return {
        "()": structlog.stdlib.ProcessorFormatter,
        "foreign_pre_chain": _SHARED,
        "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
    }


#: The processors of every record, structlog's and the standard library's.
_SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]
_LOGGERS: dict[str, Any] = {
    "django.server": {"handlers": [], "propagate": False},
    "django": {"handlers": [], "level": "INFO", "propagate": True},
    "django.request": {"filters": ["traceback"]},
    "gunicorn.error": {"filters": ["address"]},
    # Each of these writes a line a message that repeats our own.
    "celery.worker.strategy": {"level": "WARNING"},
    "celery.app.trace": {"level": "WARNING"},
    "urllib3": {"level": "WARNING"},
}
