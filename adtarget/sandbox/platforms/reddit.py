"""Judges requests as Reddit's Conversions API v3 is said to do (other people's code, read in 2026-11)."""

import re
from collections.abc import Mapping
from typing import Any

from adtarget.sandbox.judging import (
    DAY,
    Event,
    Judge,
    Judgement,
    Submission,
    Terms,
    as_dict,
    as_list,
    as_text,
    is_amount,
    is_hash,
    is_one_of,
    is_size,
    is_text,
    is_whole,
)
from adtarget.sandbox.request import Request

PATH = re.compile(r"/api/v3/pixels/([^/]+)/conversion_events")
TYPES = frozenset("PAGE_VISIT VIEW_CONTENT SEARCH ADD_TO_CART ADD_TO_WISHLIST PURCHASE LEAD SIGN_UP CUSTOM".split())


class Reddit(Judge):
    slug, label = "reddit", "Reddit"
    refusals = {
        "auth": {"status": 401, "message": "Unauthorized"},
        "permission": {"status": 403, "message": "The token may not write to this pixel."},
        "not_found": {"status": 404, "message": "No such pixel."},
        "throttled": {"status": 429, "message": "Too many requests."},
        "transient": {"status": 500, "message": "Internal error."},
        "invalid": {"status": 400, "message": "Invalid event."},
    }

    def takes(self, request: Request) -> bool:
        return request.method == "POST" and bool(PATH.fullmatch(request.path))

    def read(self, request: Request) -> Submission:
        path, data = PATH.fullmatch(request.path), as_dict(as_dict(request.document).get("data"))
        events = [
            Event(
                as_text(as_dict(raw.get("metadata")).get("conversion_id")),
                as_text(as_dict(raw.get("type")).get("tracking_type")),
                raw,
            )
            for raw in map(as_dict, as_list(data.get("events")))
        ]
        pixel = path[1] if path else ""
        return Submission(request, pixel=pixel, token=request.bearer, events=events, is_test=bool(data.get("test_id")))

    def judge(self, submission: Submission, terms: Terms) -> Judgement:
        for event in submission.events:
            _check(event, terms.now)
        if terms.token_problem(submission.token):
            return self.refusal({"name": "auth"}, submission)
        if not is_size(as_dict(as_dict(submission.request.document).get("data")).get("events"), 1000):
            return self.refusal({"message": "1 to 1,000 events."}, submission)
        if submission.problem:
            return self.refusal(
                {"message": f"{submission.problem[1].field} {submission.problem[1].message}"}, submission
            )
        return self.success(submission)

    def success(self, submission: Submission) -> Judgement:
        told = f"Successfully processed {len(submission.events)} conversion events."
        return Judgement(200, {"data": {"message": told}}, is_accepted=True)

    def refusal(self, told: Mapping[str, Any], submission: Submission) -> Judgement:
        told = self.told(told)
        return Judgement(int(told["status"]), {"error": {"code": told["status"], "message": told["message"]}})


def _check(event: Event, now: float) -> None:
    raw, user, metadata = event.raw, as_dict(event.raw.get("user")), as_dict(event.raw.get("metadata"))
    at: Any = raw.get("event_at")
    event.check("event_at", is_whole(at) and 0 <= now * 1000 - at + 1000 <= 7 * DAY * 1000, "is in ms, 7 days at most")
    event.check("action_source", is_one_of(raw.get("action_source"), {"WEBSITE", "APP"}), "is WEBSITE or APP")
    event.check("type", is_one_of(event.name, TYPES), "is one of Reddit's")
    if event.name == "CUSTOM":
        event.check("type", is_text(as_dict(raw.get("type")).get("custom_event_name")), "names the custom event")
    known = raw.get("click_id") or user.get("email") or user.get("phone_number") or user.get("ip_address")
    event.check("user", known, "names somebody")
    for name in ("email", "phone_number", "external_id", "ip_address"):
        if name in user:
            event.check(name, is_hash(user[name]), "is SHA-256 in lower-case hex")
    if "value" in metadata:
        is_priced = is_amount(metadata["value"]) and is_text(metadata.get("currency"))
        event.check("value", is_priced, "is a number with currency")
