"""Judges requests as OpenAI's Conversions API does (developers.openai.com/ads/conversions-api, read in 2026-11)."""

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
    events_of,
    is_hash,
    is_one_of,
    is_size,
    is_text,
    is_web_address,
    is_whole,
)
from adtarget.sandbox.request import Request

TYPES = frozenset(
    "appointment_scheduled lead_created order_created registration_completed subscription_created trial_started "
    "checkout_started items_added contents_viewed page_viewed custom".split()
)
DATA_TYPES = frozenset({"contents", "customer_action", "plan_enrollment", "custom"})


class ChatGPT(Judge):
    slug, label = "chatgpt", "ChatGPT Ads"
    refusals = {
        "auth": {"status": 401, "message": "Incorrect API key."},
        "permission": {"status": 403, "message": "The key may not write to this pixel."},
        "throttled": {"status": 429, "message": "Too many requests."},
        "transient": {"status": 500, "message": "Internal error."},
        "invalid": {"status": 400, "message": "Invalid event."},
    }

    def takes(self, request: Request) -> bool:
        return request.method == "POST" and request.path == "/v1/events" and "pid" in request.query

    def read(self, request: Request) -> Submission:
        document = as_dict(request.document)
        return Submission(
            request,
            pixel=request.query.get("pid", ""),
            token=request.bearer,
            events=events_of(document.get("events"), id_key="id", name_key="type"),
            is_test=document.get("validate_only") is True,
        )

    def judge(self, submission: Submission, terms: Terms) -> Judgement:
        for event in submission.events:
            _check(event, terms.now)
        if terms.token_problem(submission.token):
            return self.refusal({"name": "auth"}, submission)
        if not is_size(as_dict(submission.request.document).get("events"), 1000):
            return self.refusal({"message": "1 to 1,000 events."}, submission)
        if submission.problem:
            index, check = submission.problem
            return self.refusal({"message": f"events[{index}].{check.field} {check.message}"}, submission)
        return self.success(submission)

    def success(self, submission: Submission) -> Judgement:
        return Judgement(200, {"success": True}, is_accepted=True)

    def refusal(self, told: Mapping[str, Any], submission: Submission) -> Judgement:
        told = self.told(told)
        return Judgement(int(told["status"]), {"error": {"message": told["message"], "type": "invalid_request_error"}})


def _check(event: Event, now: float) -> None:
    raw, data = event.raw, as_dict(event.raw.get("data"))
    at: Any = raw.get("timestamp_ms")
    event.check("id", is_text(raw.get("id")), "is there")
    event.check("type", is_one_of(raw.get("type"), TYPES), "is a known type")
    if raw.get("type") == "custom":
        event.check("custom_event_name", is_text(raw.get("custom_event_name")), "is there")
    is_in_time = is_whole(at) and -600_000 <= now * 1000 - at <= 7 * DAY * 1000
    event.check("timestamp_ms", is_in_time, "is within the last 7 days")
    event.check("source_url", is_web_address(raw.get("source_url")), "is there, for the web")
    event.check("data.type", is_one_of(data.get("type"), DATA_TYPES), "is a known type")
    for name, value in as_dict(raw.get("user")).items():
        event.check(name, is_hash(value), "is SHA-256 in lower-case hex")
    if "amount" in data:
        is_priced = is_whole(data["amount"]) and is_text(data.get("currency"))
        event.check("amount", is_priced, "is in minor units, with currency")
