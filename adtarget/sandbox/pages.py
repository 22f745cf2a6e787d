"""The page that lists what the sandbox received, decoded and checked."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.template.loader import render_to_string

from adtarget.sandbox.faults import KINDS

if TYPE_CHECKING:
    from adtarget.sandbox.server import Sandbox

SECURITY = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
STYLE = Path(__file__).parent / "static" / "sandbox.css"
PLATFORMS = {"meta": "Meta", "tiktok": "TikTok", "snapchat": "Snapchat", "google": "Google"}
SHOWN = 100


def page(sandbox: "Sandbox", path: str, query: dict[str, str]) -> tuple[int, str, bytes]:
    if path == "/sandbox.css":
        return 200, "text/css", STYLE.read_bytes()
    if path != "/":
        return 404, "text/plain", b"There is nothing here."
    chosen = query.get("platform", "")
    events = sandbox.events(platform=chosen, event_id=query.get("event_id", ""), limit=SHOWN)
    context = {
        "events": [_shown(event) for event in reversed(events)],
        "stats": sandbox.stats(),
        "platforms": PLATFORMS,
        "chosen": chosen,
        "faults": sandbox.faults.listed(),
        "kinds": KINDS,
        "shown": SHOWN,
    }
    return 200, "text/html; charset=utf-8", render_to_string("sandbox/events.html", context).encode()


def _shown(kept: dict[str, Any]) -> dict[str, Any]:
    raw = kept["event"]
    facts = dict(_facts(raw))
    seconds = raw.get("event_time")
    return {
        **kept,
        "label": PLATFORMS.get(kept["platform"], kept["platform"]),
        "received": datetime.fromtimestamp(kept["received_at"], UTC),
        "happened": datetime.fromtimestamp(seconds, UTC) if isinstance(seconds, int) and seconds < 10**11 else None,
        "facts": facts,
        "failed": [check for check in kept["checks"] if not check["ok"]],
        "json": json.dumps(raw, indent=2, ensure_ascii=False),
    }


def _facts(value: Any, name: str = "") -> Any:
    """Every leaf of the event by its own key, in the order it came."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _facts(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from _facts(inner, name)
    else:
        yield name, value
