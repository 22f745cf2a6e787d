"""Unhandled exceptions to Sentry, where SENTRY_DSN is set: what failed and where, nothing of what was sent."""

from typing import Any
from urllib.parse import urlsplit

from adtarget.core.logs import redact


def report_errors_to_sentry(dsn: str) -> None:
    """From now on; without bodies, headers, queries, cookies, local variables, and paths that are secrets."""
    import sentry_sdk  # only where it is wanted: it is large

    sentry_sdk.init(
        dsn=dsn,
        send_default_pii=False,
        include_local_variables=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
        before_send=before_send,
    )


def before_send(event: Any, _hint: Any) -> Any:
    """The event as it may leave."""
    hidden: dict[str, str] = {}
    event.get("extra", {}).pop("sys.argv", None)  # commands are given names of people
    if request := event.pop("request", None):
        address, hidden = _shown_address(str(request.get("url", "")))
        event["request"] = {"method": request.get("method"), "url": address}
    return _redacted(event, hidden)


def _shown_address(url: str) -> tuple[str, dict[str, str]]:
    """The request's address as it may be shown, and what else must be replaced wherever it stands."""
    from adtarget.core.shown_path import shown_path  # needs the URLs, which are not loaded when this module is

    address = urlsplit(url)
    shown = shown_path(address.path) if address.path else ""
    return f"{address.scheme}://{address.netloc}{shown}", {} if shown == address.path else {address.path: shown}


def _redacted(value: Any, hidden: dict[str, str]) -> Any:
    if isinstance(value, str):
        for text, shown in hidden.items():
            value = value.replace(text, shown)
        return redact(value)
    if isinstance(value, dict):
        return {name: _redacted(inner, hidden) for name, inner in value.items()}
    return [_redacted(inner, hidden) for inner in value] if isinstance(value, list | tuple) else value
