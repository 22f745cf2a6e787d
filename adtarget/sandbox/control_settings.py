"""The sandbox's settings, as its control endpoints show and change them."""

from collections.abc import Mapping
from typing import Any

from adtarget.sandbox.judging import as_dict
from adtarget.sandbox.state import SandboxState


def settings(sandbox: SandboxState) -> dict[str, Any]:
    """The settings; secrets by name only."""
    return {
        "latency_ms": sandbox.latency_seconds * 1000,
        "validate": sandbox.validates,
        "tokens": len(sandbox.tokens) if sandbox.tokens is not None else None,
        "diagnostics_seconds": sandbox.diagnostics_seconds,
        "webhook_secrets": sorted(sandbox.webhooks.secrets),
        "telegram_link_base": sandbox.telegram.state.link_base,
        "telegram_retry_seconds": sandbox.telegram.deliverer.retry_seconds,
        "redirects_followed": sandbox.redirects_followed,
    }


def change_settings(sandbox: SandboxState, told: Mapping[str, Any]) -> dict[str, Any]:
    """Only what is named changes; `tokens` null accepts any good-looking token again."""
    unknown = set(told) - set(settings(sandbox)) | set(told) & {"redirects_followed"}
    if unknown:
        raise ValueError(f"There is no setting {', '.join(sorted(unknown))}.")
    if "latency_ms" in told:
        sandbox.latency_seconds = float(told["latency_ms"]) / 1000
    if "validate" in told:
        sandbox.validates = bool(told["validate"])
    if "tokens" in told:
        sandbox.tokens = None if told["tokens"] is None else frozenset(map(str, told["tokens"]))
    if "diagnostics_seconds" in told:
        sandbox.diagnostics_seconds = float(told["diagnostics_seconds"])
    _set_telegram(sandbox, told)
    sandbox.webhooks.secrets |= as_dict(told.get("webhook_secrets"))
    return settings(sandbox)


def _set_telegram(sandbox: SandboxState, told: Mapping[str, Any]) -> None:
    if "telegram_link_base" in told:
        sandbox.telegram.state.link_base = str(told["telegram_link_base"]).rstrip("/")
    if "telegram_retry_seconds" in told:
        sandbox.telegram.deliverer.retry_seconds = float(told["telegram_retry_seconds"])
