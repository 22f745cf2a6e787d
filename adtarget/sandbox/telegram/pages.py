"""The page on which people join and leave, and the page behind an invite link."""

from typing import Any

from adtarget.sandbox.pages import rendered
from adtarget.sandbox.request import Reply, Request
from adtarget.sandbox.state import SandboxState
from adtarget.sandbox.telegram.acting import overview

SHOWN = 30


def answer(sandbox: SandboxState, request: Request) -> Reply | None:
    if request.method != "GET":
        return None
    if request.path == "/telegram":
        return _everything(sandbox, request)
    return _link(sandbox, request) if request.path.startswith("/+") else None


def _everything(sandbox: SandboxState, request: Request) -> Reply:
    seen = overview(sandbox.telegram.state)
    for chat in seen["chats"]:
        usable = [link for link in chat["links"] if not link["problem"]]
        chat["more_links"] = max(0, len(usable) - SHOWN)
        chat["links"] = usable[-SHOWN:][::-1]
        chat["count"] = len(chat["members"])
        chat["members"] = chat["members"][-SHOWN:][::-1]
    return rendered("telegram.html", sandbox, **seen, told=request.query.get("told", ""))


def _link(sandbox: SandboxState, request: Request) -> Reply:
    state = sandbox.telegram.state
    with state.changed:
        found = state.find_link(request.path)
        context: dict[str, Any] = {"told": request.query.get("told", ""), "back": request.path}
        if found:
            chat, link = found
            context |= {"chat": chat.told(), "link": link.told(), "problem": link.problem, "members": len(chat.members)}
    return rendered("link.html", sandbox, **context)
