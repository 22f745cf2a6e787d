"""The sandbox's own endpoints: what came, and what to do wrong."""

import json
from typing import TYPE_CHECKING, Any

from adtarget.sandbox.faults import KINDS, Fault

if TYPE_CHECKING:
    from adtarget.sandbox.server import Sandbox

Reply = tuple[int, str, bytes]


def handle(sandbox: "Sandbox", method: str, path: str, query: dict[str, str], data: Any) -> Reply:
    """`GET|DELETE events`, `GET stats`, `GET|POST|PUT|DELETE faults`, `GET|PUT settings`."""
    match method, path.removeprefix("/_sandbox/"):
        case "GET", "events":
            filters = {name: query[name] for name in ("platform", "pixel", "event_id") if name in query}
            return _json(sandbox.events(**filters, limit=int(query.get("limit") or 200)))
        case "DELETE", "events":
            sandbox.clear()
        case "POST", "forget":
            sandbox.clear()
            sandbox.faults.replace([])
        case "GET", "stats":
            return _json(sandbox.stats())
        case "GET", "faults":
            return _json({"faults": sandbox.faults.listed(), "kinds": KINDS})
        case "DELETE", "faults":
            sandbox.faults.replace([])
        case (("POST" | "PUT"), "faults"):
            return _tell(sandbox, method, data)
        case "PUT", "settings":
            sandbox.latency_seconds = float(data.get("latency_ms", sandbox.latency_seconds * 1000)) / 1000
            sandbox.validates = bool(data.get("validate", sandbox.validates))
        case _:
            return _json({"error": "There is nothing here."}, status=404)
    return _json({"ok": True})


def _tell(sandbox: "Sandbox", method: str, data: Any) -> Reply:
    """PUT replaces all faults, POST adds one; a form gives `params` as JSON text."""
    try:
        faults = [_fault(one) for one in (data if isinstance(data, list) else [data])]
    except (TypeError, ValueError) as error:
        return _json({"error": str(error)}, status=400)
    if method == "PUT":
        sandbox.faults.replace(faults)
    else:
        for fault in faults:
            sandbox.faults.add(fault)
    return _json({"faults": sandbox.faults.listed()})


def _fault(given: dict[str, Any]) -> Fault:
    given = {name: value for name, value in given.items() if value not in ("", None)}
    if isinstance(given.get("params"), str):
        given["params"] = json.loads(given["params"])
    for name, kind in (("times", int), ("skip", int), ("probability", float)):
        if name in given:
            given[name] = kind(given[name])
    return Fault(**given)


def _json(document: Any, *, status: int = 200) -> Reply:
    return status, "application/json", json.dumps(document).encode()
