"""The sandbox's own endpoints under /_sandbox/: what came, and what to do wrong."""

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from adtarget.sandbox.control_settings import change_settings, settings
from adtarget.sandbox.faults import KINDS
from adtarget.sandbox.judging import as_dict
from adtarget.sandbox.request import Reply, Request, parse_json
from adtarget.sandbox.state import SandboxState
from adtarget.sandbox.telegram.acting import act, overview
from adtarget.sandbox.telegram.users import CannotDo

PREFIX = "/_sandbox/"


def answer(sandbox: SandboxState, request: Request) -> Reply | None:
    """None for what is no control endpoint. A form is a page's: it leads back there."""
    if not request.path.startswith(PREFIX):
        return None
    try:
        reply = _answer(sandbox, request)
    except (TypeError, ValueError, AttributeError, CannotDo) as error:
        reply = document({"error": str(error)}, status=400)
    return _lead_back(request, reply) if request.is_form else reply


def _lead_back(request: Request, reply: Reply) -> Reply:
    """To the page that the form was on, with what there is to say."""
    said = json.loads(reply.body)
    person = as_dict(as_dict(said).get("person")).get("first_name")
    told = as_dict(said).get("error") or (f"{person}: done." if person else "")
    back = _own(request.form.get("back", ""))
    if told:
        back += f"{'&' if '?' in back else '?'}{urlencode({'told': told})}"
    return Reply(303, headers={"Location": back})


def _own(path: str) -> str:
    """A path of ours; never another host's."""
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) else "/"


def document(content: Any, *, status: int = 200) -> Reply:
    return Reply(status, json.dumps(content, ensure_ascii=False).encode(), {"Content-Type": "application/json"})


def _answer(sandbox: SandboxState, request: Request) -> Reply:
    place = request.path.removeprefix(PREFIX)
    if request.method == "POST" and place.startswith("telegram/"):
        given = request.form or as_dict(request.document)
        told = {name: value for name, value in given.items() if name != "back"}
        return document(act(sandbox.telegram.state, place.removeprefix("telegram/"), told))
    action = ACTIONS.get((request.method, place))
    return action(sandbox, request) if action else document({"error": "There is nothing here."}, status=404)


def _events(sandbox: SandboxState, request: Request) -> Reply:
    wanted: dict[str, Any] = {
        name: request.query[name] for name in ("platform", "pixel", "event_id") if name in request.query
    }
    return document(sandbox.events(**wanted, limit=int(request.query.get("limit") or 200)))


def _forget(sandbox: SandboxState, request: Request) -> Reply:
    sandbox.store.clear()
    return _stats(sandbox, request)


def _stats(sandbox: SandboxState, request: Request) -> Reply:
    return document(sandbox.stats())


def _list_faults(sandbox: SandboxState, request: Request) -> Reply:
    return document({"faults": sandbox.faults.listed(), "kinds": {name: kind.meaning for name, kind in KINDS.items()}})


def _replace_faults(sandbox: SandboxState, request: Request) -> Reply:
    sandbox.faults.replace(*_faults(sandbox, request))
    return _list_faults(sandbox, request)


def _add_faults(sandbox: SandboxState, request: Request) -> Reply:
    sandbox.faults.add(*_faults(sandbox, request))
    return _list_faults(sandbox, request)


def _behave(sandbox: SandboxState, request: Request) -> Reply:
    sandbox.faults.replace()
    return _list_faults(sandbox, request)


def _settings(sandbox: SandboxState, request: Request) -> Reply:
    return document(settings(sandbox))


def _change_settings(sandbox: SandboxState, request: Request) -> Reply:
    return document(change_settings(sandbox, as_dict(request.document)))


def _telegram(sandbox: SandboxState, request: Request) -> Reply:
    return document(overview(sandbox.telegram.state))


def _redirected(sandbox: SandboxState, request: Request) -> Reply:
    """The target of the fault `redirect`; requests here are counted as an error."""
    sandbox.redirects_followed += 1
    return document({})


ACTIONS: Mapping[tuple[str, str], Callable[[SandboxState, Request], Reply]] = {
    ("GET", "events"): _events,
    ("DELETE", "events"): _forget,
    ("POST", "forget"): _forget,
    ("GET", "stats"): _stats,
    ("GET", "faults"): _list_faults,
    ("PUT", "faults"): _replace_faults,
    ("POST", "faults"): _add_faults,
    ("DELETE", "faults"): _behave,
    ("POST", "behave"): _behave,
    ("GET", "settings"): _settings,
    ("PUT", "settings"): _change_settings,
    ("GET", "telegram"): _telegram,
    ("GET", "redirected"): _redirected,
    ("POST", "redirected"): _redirected,
}


# ------------------------------------------------------------------ faults
def _faults(sandbox: SandboxState, request: Request) -> list[Any]:
    """One fault or a list of them; from a form its params come as JSON text."""
    if request.is_form:
        given = {name: value for name, value in request.form.items() if value and name != "back"}
        return [sandbox.made_fault(_from_form(given))]
    told = request.document
    if not isinstance(told, dict | list):
        raise TypeError("A fault is a JSON object, several are an array of them.")
    return [sandbox.made_fault(as_dict(one)) for one in (told if isinstance(told, list) else [told])]


def _from_form(given: dict[str, Any]) -> dict[str, Any]:
    for name, kind in (("times", int), ("skip", int), ("probability", float), ("params", parse_json)):
        if name in given:
            given[name] = kind(given[name])
    return given
