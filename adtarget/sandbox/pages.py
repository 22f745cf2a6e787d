"""What the sandbox received, decoded and checked, as pages.

Rendered by Django's template engine alone: neither settings nor apps are needed.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from django.template import Context, Engine

from adtarget.sandbox.faults import KINDS
from adtarget.sandbox.request import Reply, Request
from adtarget.sandbox.state import SandboxState

SECURITY = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}
ENGINE = Engine(dirs=[str(Path(__file__).resolve().parents[2] / "templates")])
STYLE = Path(__file__).parent / "static" / "sandbox.css"
SHOWN = 100
#: Which leaves of an event stand together, in reading order; what is in none of them comes last.
GROUPS: Mapping[str, tuple[str, ...]] = {
    "When and where": ("event_time", "eventTimestamp", "action_source", "event_source_url", "url"),
    "Value": ("value", "conversionValue", "currency", "order_id", "content_name"),
    "Click": ("fbc", "fbp", "ttclid", "ttp", "sc_click_id", "sc_cookie1", "gclid", "gbraid", "wbraid"),
    "Browser": (
        *("client_ip_address", "ip", "ipAddress"),
        *("client_user_agent", "user_agent", "userAgent"),
    ),
    "Hashed": (
        *("em", "ph", "fn", "ln", "external_id"),
        *("email", "phone", "first_name", "last_name", "emailAddress", "phoneNumber"),
    ),
}


def answer(sandbox: SandboxState, request: Request) -> Reply:
    page = PAGES.get(request.path) if request.method == "GET" else None
    return page(sandbox, request) if page else Reply(404, b"There is nothing here.\n", {"Content-Type": "text/plain"})


def rendered(template: str, sandbox: SandboxState, **context: Any) -> Reply:
    context |= {"judges": sandbox.judges.values(), "stats": _stats(sandbox)}
    html = ENGINE.get_template(f"sandbox/{template}").render(Context(context, use_l10n=False, use_tz=False))
    return Reply(200, html.encode(), {"Content-Type": "text/html; charset=utf-8", **SECURITY})


def _events_page(sandbox: SandboxState, request: Request) -> Reply:
    wanted = {name: request.query.get(name, "") for name in ("platform", "pixel", "event_id")}
    # Without a filter no Telegram calls: while a pool is filled they would hide the conversions.
    events = sandbox.events(**wanted, besides="" if wanted["platform"] else "telegram", limit=SHOWN)
    return rendered(
        "events.html",
        sandbox,
        events=[_event(sandbox, event) for event in reversed(events)],
        wanted=wanted,
        address="/?" + urlencode({name: value for name, value in wanted.items() if value}),
        refreshes="refresh" in request.query,
        told=request.query.get("told", ""),
        is_cut=len(events) == SHOWN,
        shown=SHOWN,
        **_faults(sandbox),
    )


def _faults(sandbox: SandboxState) -> dict[str, Any]:
    """Those that are set, and the kinds there are."""
    listed = [_fault(fault) for fault in sandbox.faults.listed()]
    return {"faults": listed, "kinds": {name: kind.meaning for name, kind in KINDS.items()}}


def _style(sandbox: SandboxState, request: Request) -> Reply:
    return Reply(200, STYLE.read_bytes(), {"Content-Type": "text/css; charset=utf-8", **SECURITY})


PAGES: Mapping[str, Callable[[SandboxState, Request], Reply]] = {"/": _events_page, "/sandbox.css": _style}


# ------------------------------------------------------------------ rows
def _stats(sandbox: SandboxState) -> list[dict[str, Any]]:
    return [
        {"label": sandbox.judges[slug].label, "slug": slug, **counts}
        for slug, counts in sandbox.stats().items()
        if counts["requests"]
    ]


def _event(sandbox: SandboxState, kept: dict[str, Any]) -> dict[str, Any]:
    raw = kept["event"]
    broken = [check for check in kept["checks"] if not check["ok"]]
    return {
        **kept,
        "label": sandbox.judges[kept["platform"]].label,
        "received": moment(kept["received_at"]),
        "groups": list(_groups(raw)),
        "broken": broken,
        "kept_rules": len(kept["checks"]) - len(broken),
        "json": json.dumps(raw, indent=2, ensure_ascii=False),
    }


def _groups(raw: Mapping[str, Any]) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """The event's leaves, those that belong together under one heading."""
    leaves = list(_leaves(raw))
    grouped = {name for names in GROUPS.values() for name in names}
    for heading, names in GROUPS.items():
        facts = [(name, _readable(name, value)) for wanted in names for name, value in leaves if name == wanted]
        if facts:
            yield heading, facts
    if rest := [(name, str(value)) for name, value in leaves if name not in grouped and name not in SHOWN_ABOVE]:
        yield "Else", rest


SHOWN_ABOVE = frozenset({"event_name", "event", "event_id", "transactionId"})


def _leaves(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner, name)
    else:
        yield name, value


def _readable(name: str, value: Any) -> str:
    is_time = name == "event_time" and isinstance(value, int) and 0 <= value < 10**11
    return f"{value} ({moment(value)})" if is_time else str(value)


def moment(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S} UTC"


def _fault(fault: dict[str, Any]) -> dict[str, Any]:
    aims = [f"{name} {fault[name]}" for name in ("pixel", "event_name", "event_id") if fault[name]]
    left = "until taken away" if fault["times"] is None else f"{fault['times']} times more"
    chance = f", with probability {fault['probability']}" if fault["probability"] < 1 else ""
    return {
        **fault,
        "whom": ", ".join(["everybody" if fault["platform"] == "*" else fault["platform"], *aims]),
        "how": f"{left}{chance}",
        "told": json.dumps(fault["params"]) if fault["params"] else "",
    }
