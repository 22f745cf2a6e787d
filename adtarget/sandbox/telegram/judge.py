"""The Bot API as one of the sandbox's judges."""

import re
from collections.abc import Mapping
from typing import Any

from adtarget.sandbox.judging import Event, Judge, Judgement, Submission, Terms, as_dict, mask
from adtarget.sandbox.request import Request
from adtarget.sandbox.telegram.delivery import Deliverer
from adtarget.sandbox.telegram.methods import BotApi
from adtarget.sandbox.telegram.parameters import Refused
from adtarget.sandbox.telegram.state import State

PATH = re.compile(r"/bot([^/]+)/([A-Za-z]+)")
TOKEN = re.compile(r"[0-9]{1,15}:[A-Za-z0-9_-]+")


class Telegram(Judge):
    """A call is kept as an event named by its method; a fault may name it as `event_name`."""

    slug, label = "telegram", "Telegram"
    refusals = {
        "auth": {"error_code": 401, "description": "Unauthorized"},
        "permission": {
            "error_code": 400,
            "description": "Bad Request: not enough rights to manage chat invite link",
        },
        "kicked": {"error_code": 403, "description": "Forbidden: bot was kicked from the channel chat"},
        "not_found": {"error_code": 400, "description": "Bad Request: chat not found"},
        "throttled": {"error_code": 429, "retry_after": 7},
        "transient": {"error_code": 502, "description": "Bad Gateway"},
        "invalid": {"error_code": 400, "description": "Bad Request: invalid parameters"},
    }

    def __init__(self, link_base: str) -> None:
        self.state = State(link_base)
        self.deliverer = Deliverer(self.state)
        self.api = BotApi(self.state, self.deliverer)

    def takes(self, request: Request) -> bool:
        return request.method in ("GET", "POST") and bool(PATH.fullmatch(request.path))

    def read(self, request: Request) -> Submission:
        path = PATH.fullmatch(request.path)
        token, method = (path[1], path[2]) if path else ("", "")
        shown = {
            name: mask(str(value)) if name == "secret_token" else value for name, value in _params(request).items()
        }
        return Submission(request, pixel=token.partition(":")[0], token=token, events=[Event("", method, shown)])

    def judge(self, submission: Submission, terms: Terms) -> Judgement:
        if not TOKEN.fullmatch(submission.token):
            return _error(404, "Not Found")
        if terms.token_problem(submission.token):
            return _error(401, "Unauthorized")
        return self.success(submission)

    def success(self, submission: Submission) -> Judgement:
        call = submission.events[0]
        try:
            with self.state.changed:
                bot = self.state.bot(submission.token)
            result = self.api.call(bot, call.name, _params(submission.request))
        except Refused as refused:
            call.check(call.name, False, refused.description)
            return _error(refused.code, refused.description, **refused.parameters)
        # Polling in vain, every few seconds, would push out everything else.
        submission.is_kept = call.name.lower() != "getupdates" or bool(result)
        return Judgement(200, {"ok": True, "result": result}, is_accepted=True)

    def refusal(self, told: Mapping[str, Any], submission: Submission) -> Judgement:
        told = self.told(told)
        parameters = {name: told[name] for name in ("retry_after", "migrate_to_chat_id") if name in told}
        code = int(told["error_code"])
        waiting = f"Too Many Requests: retry after {told.get('retry_after')}"
        description = waiting if code == 429 else str(told.get("description", "Bad Request"))
        return _error(code, description, **parameters)


def _params(request: Request) -> dict[str, Any]:
    return {**request.query, **request.form, **(as_dict(request.document) if request.is_json else {})}


def _error(code: int, description: str, **parameters: Any) -> Judgement:
    body = {"ok": False, "error_code": code, "description": description}
    return Judgement(code, body | ({"parameters": parameters} if parameters else {}))
