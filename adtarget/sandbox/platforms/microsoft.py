"""Judges requests as Microsoft's UET Conversions API v1 is said to do (other people's code, read in 2026-11)."""

import re
from collections.abc import Mapping
from typing import Any

from adtarget.sandbox.judging import (
    Event,
    Judge,
    Judgement,
    Submission,
    Terms,
    TimeWords,
    as_dict,
    check_time,
    events_of,
    is_amount,
    is_hash,
    is_ip,
    is_one_of,
    is_size,
    is_text,
)
from adtarget.sandbox.request import Request

PATH = re.compile(r"/v1/([^/]+)/events")


class Microsoft(Judge):
    slug, label = "microsoft", "Microsoft Ads"
    refusals = {
        "auth": {"status": 401, "message": "Unauthorized"},
        "permission": {"status": 403, "message": "The token is of another tag."},
        "throttled": {"status": 429, "message": "Too many requests."},
        "transient": {"status": 500, "message": "Internal error."},
        "invalid": {"status": 400, "message": "Validation failed."},
    }

    def takes(self, request: Request) -> bool:
        return request.method == "POST" and bool(PATH.fullmatch(request.path))

    def read(self, request: Request) -> Submission:
        path = PATH.fullmatch(request.path)
        events = events_of(as_dict(request.document).get("data"), id_key="eventId", name_key="eventName")
        return Submission(request, pixel=path[1] if path else "", token=request.bearer, events=events)

    def judge(self, submission: Submission, terms: Terms) -> Judgement:
        for event in submission.events:
            _check(event, terms.now)
        if terms.token_problem(submission.token):
            return self.refusal({"name": "auth"}, submission)
        document = as_dict(submission.request.document)
        if not is_size(document.get("data"), 1000):
            return self.refusal({"message": "1 to 1,000 events."}, submission)
        problems = [(index, event.problem) for index, event in enumerate(submission.events) if event.problem]
        details = [
            {"index": index, "propertyName": check.field, "errorMessage": check.message, "errorCode": "Invalid"}
            for index, check in problems
            if check
        ]
        if not details:
            return self.success(submission)
        error = {"code": "ValidationError", "message": "Some events are invalid.", "details": details}
        if document.get("continueOnValidationError") is not True:
            return Judgement(400, {"error": error})
        taken = len(submission.events) - len(details)
        return Judgement(200, {"eventsReceived": taken, "error": error}, is_accepted=taken > 0)

    def success(self, submission: Submission) -> Judgement:
        return Judgement(200, {"eventsReceived": len(submission.events)}, is_accepted=True)

    def refusal(self, told: Mapping[str, Any], submission: Submission) -> Judgement:
        told = self.told(told)
        return Judgement(int(told["status"]), {"error": {"code": "Error", "message": told["message"]}})


def _check(event: Event, now: float) -> None:
    raw, user, custom = event.raw, as_dict(event.raw.get("userData")), as_dict(event.raw.get("customData"))
    event.check("eventType", is_one_of(raw.get("eventType"), {"custom", "pageLoad"}), "is custom or pageLoad")
    event.check("eventName", is_text(raw.get("eventName")), "is there")
    event.check("adStorageConsent", is_one_of(raw.get("adStorageConsent"), {"G", "D"}), "is G or D")
    check_time(event, raw.get("eventTime"), now=now, days=7, words=TimeWords())
    event.check("userData", any(user.values()), "names somebody")
    for name in ("em", "ph"):
        if name in user:
            event.check(name, is_hash(user[name]), "is SHA-256 in lower-case hex")
    if "clientIpAddress" in user:
        event.check("clientIpAddress", is_ip(user["clientIpAddress"]), "is a bare address")
    if "value" in custom:
        event.check(
            "value", is_amount(custom["value"]) and is_text(custom.get("currency")), "is a number with currency"
        )
