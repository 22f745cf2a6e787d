"""Stands in for networks and trackers that take postbacks: `/postback/<host>/<path>?…`, by GET or POST.

What each network requires is written from its own help page, as named in docs/postbacks.md. Hosts that are not in
the table are somebody's own: any address is right there.
"""

import re
from collections.abc import Mapping
from typing import Any

from adtarget.sandbox.judging import Event, Judge, Judgement, Submission, Terms
from adtarget.sandbox.request import Request

PREFIX = "/postback/"
NETWORKS: Mapping[str, tuple[str, tuple[str, ...], str]] = {
    "ad.propellerads.com": ("/conversion.php", ("aid", "tid"), "visitor_id"),
    "us.ahows.co": ("/log", ("action",), "key"),
    "api.adsgram.ai": ("/confirm_conversion", ("token", "goaltype"), "record"),
    "trc.taboola.com": ("/actions-handler/log/3/s2s-action", ("name",), "click-id"),
    "tr.outbrain.com": ("/unifiedPixel", ("name",), "ob_click_id"),
    "api.bytegle.site": ("/bigoad/trackingevent", ("pixel_id", "event_id"), "bbg"),
    "top-fwz1.mail.ru": ("/tracker", ("id", "e"), "rb_clickid"),
}
NAMES = ("event", "name", "goaltype", "event_id", "status", "cnv_status", "e", "action")
IDS = ("tid", "order_id", "orderid", "orderId", "eid", "conversion_id")
AMOUNT = re.compile(r"[0-9]+(\.[0-9]+)?")
AMOUNTS = ("payout", "price", "revenue", "orderValue", "sum", "value")


class Postback(Judge):
    slug, label = "postback", "Postbacks"
    refusals = {
        "auth": {"status": 401, "message": "wrong key"},
        "permission": {"status": 403, "message": "forbidden"},
        "throttled": {"status": 429, "message": "slow down"},
        "transient": {"status": 500, "message": "try again"},
        "invalid": {"status": 400, "message": "unknown click id"},
    }

    def takes(self, request: Request) -> bool:
        return request.method in ("GET", "POST") and request.path.startswith(PREFIX)

    def read(self, request: Request) -> Submission:
        host, _, path = request.path.removeprefix(PREFIX).partition("/")
        given = {**_pairs(request), **request.form}
        raw: dict[str, Any] = {"method": request.method, "host": host, "path": f"/{path}", "query": given}
        name = next((given[key] for key in NAMES if given.get(key)), "")
        event_id = next((given[key] for key in IDS if given.get(key)), "")
        return Submission(request, pixel=host, token=given.get("token", ""), events=[Event(event_id, name, raw)])

    def judge(self, submission: Submission, terms: Terms) -> Judgement:
        (event,) = submission.events
        given: Mapping[str, str] = event.raw["query"]
        _check(event, given)
        if terms.token_problem(given.get("token", "fine")):
            return self.refusal({"name": "auth"}, submission)
        if submission.problem:
            return self.refusal({"message": submission.problem[1].message}, submission)
        return self.success(submission)

    def success(self, submission: Submission) -> Judgement:
        return Judgement(200, {"status": "OK"}, is_accepted=True)

    def refusal(self, told: Mapping[str, Any], submission: Submission) -> Judgement:
        told = self.told(told)
        return Judgement(int(told["status"]), {"status": "ERROR", "message": told["message"]})


def _pairs(request: Request) -> dict[str, str]:
    """The parameters of the query; VK writes its own with semicolons."""
    if ";" not in request.target:
        return request.query
    return Request(request.method, request.target.replace(";", "&"), request.headers).query


def _check(event: Event, given: Mapping[str, str]) -> None:
    leftover = re.search(r"[{}\[\]]", "".join([event.raw["path"], *given.values()]))
    event.check("address", not leftover, "has every macro filled in")
    for name in AMOUNTS:
        if given.get(name):
            event.check(name, AMOUNT.fullmatch(given[name]), f"{name} is a number")
    event.check("click id", not any(value == "bad" for value in given.values()), "unknown click id")
    if event.raw["host"] in NETWORKS:
        path, required, click = NETWORKS[event.raw["host"]]
        event.check("path", event.raw["path"] == path, "is the network's")
        for name in (*required, click):
            event.check(name, given.get(name), f"{name} is required")
