"""One line a record, with the request id, and no secret in any of them."""

import logging
import re
import secrets
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import structlog

if TYPE_CHECKING:  # settings import this module, and gunicorn's parent process imports settings: keep both light
    from django.http import HttpRequest, HttpResponse

log = structlog.get_logger(__name__)

PROBES = {"/healthz", "/readyz", "/metrics"}  # asked every few seconds
REQUEST_ID = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
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


def escape_controls(_logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """So that what a stranger put into a value makes no line of its own; JSON escapes by itself."""
    return {
        key: _CONTROLS.sub(lambda found: repr(found[0])[1:-1], value)
        if isinstance(value, str) and key not in ("exception", "stack")
        else value
        for key, value in event.items()
    }


class RequestLogMiddleware:
    """Gives each request an id, puts it on the answer and on every log line in between."""

    def __init__(self, get_response: "Callable[[HttpRequest], HttpResponse]") -> None:
        self.get_response = get_response

    def __call__(self, request: "HttpRequest") -> "HttpResponse":
        given = request.headers.get("X-Request-Id", "")
        request_id = given if REQUEST_ID.fullmatch(given) else secrets.token_hex(8)
        started = time.monotonic()
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            response = self.get_response(request)
            note = log.debug if request.path in PROBES else log.info
            note(
                "request",
                method=request.method,
                path=request.path,
                status=response.status_code,
                duration_ms=round((time.monotonic() - started) * 1000),
            )
        response["X-Request-Id"] = request_id
        return response


class HasTraceback(logging.Filter):
    """Django's line for each 4xx and 5xx says what ours says already, except where an exception is in it."""

    def filter(self, record: logging.LogRecord) -> bool:
        return record.exc_info is not None


def report_errors_to_sentry(dsn: str) -> None:
    """Unhandled exceptions go to Sentry, without bodies, local variables or anything `redact` knows."""
    import sentry_sdk  # only where it is wanted: it is large

    def before_send(event: Any, _hint: Any) -> Any:
        return _redacted(event)

    sentry_sdk.init(
        dsn=dsn,
        send_default_pii=False,
        include_local_variables=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
        before_send=before_send,
    )


def _redacted(value: Any) -> Any:
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, dict):
        return {name: _redacted(inner) for name, inner in value.items()}
    return [_redacted(inner) for inner in value] if isinstance(value, list | tuple) else value


def logging_config(*, log_format: str, axiom: dict[str, str] | None = None) -> dict[str, Any]:
    """Django's LOGGING: standard-library and structlog records through the same processors."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    as_json = structlog.processors.JSONRenderer()
    as_text = structlog.dev.ConsoleRenderer(colors=False)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )

    def formatter(*render: Any) -> dict[str, Any]:
        last = [structlog.processors.format_exc_info, redact_event, *render]
        return {
            "()": structlog.stdlib.ProcessorFormatter,
            "foreign_pre_chain": shared,
            "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        }

    handlers: dict[str, Any] = {"console": {"class": "logging.StreamHandler", "formatter": log_format}}
    if axiom:
        handlers["axiom"] = {"class": "adtarget.core.axiom.AxiomHandler", "formatter": "json", **axiom}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": formatter(as_json), "console": formatter(escape_controls, as_text)},
        "filters": {"traceback": {"()": HasTraceback}},
        "handlers": handlers,
        "root": {"handlers": list(handlers), "level": logging.INFO},
        "loggers": {
            "django.server": {"handlers": [], "propagate": False},
            "django": {"handlers": [], "level": "INFO", "propagate": True},
            "django.request": {"filters": ["traceback"]},
            # Each of these says with one line a message what our own lines say better.
            "celery.worker.strategy": {"level": "WARNING"},
            "celery.app.trace": {"level": "WARNING"},
            "urllib3": {"level": "WARNING"},
        },
    }
