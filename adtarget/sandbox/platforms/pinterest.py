"""Judges requests as Pinterest's Conversions API v5 does (Pinterest's OpenAPI description, read in 2026-11)."""

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
    are_hashes,
    as_dict,
    check_time,
    events_of,
    is_ip,
    is_one_of,
    is_size,
    is_text,
)
from adtarget.sandbox.request import Request

PATH = re.compile(r"/v5/ad_accounts/([^/]+)/events")
NAMES = frozenset(
    "add_payment_info add_to_cart add_to_wishlist app_install app_open checkout contact custom custom_products "
    "customize_product find_location initiate_checkout lead page_visit schedule search signup start_trial "
    "submit_application subscribe view_category view_content watch_video".split()
)
HASHED = ("em", "ph", "ge", "db", "ln", "fn", "ct", "st", "zp", "country", "external_id", "hashed_maids")


class Pinterest(Judge):
    slug, label = "pinterest", "Pinterest"
    refusals = {
        "auth": {"status": 401, "message": "Authentication failed."},
        "permission": {"status": 403, "message": "Not permitted for this ad account."},
        "not_found": {"status": 404, "message": "Ad account not found."},
        "throttled": {"status": 429, "message": "This request exceeded a rate limit."},
        "transient": {"status": 500, "message": "Something went wrong."},
        "invalid": {"status": 400, "message": "Invalid request."},
    }

    def takes(self, request: Request) -> bool:
        return request.method == "POST" and bool(PATH.fullmatch(request.path))

    def read(self, request: Request) -> Submission:
        path = PATH.fullmatch(request.path)
        return Submission(
            request,
            pixel=path[1] if path else "",
            token=request.bearer,
            events=events_of(as_dict(request.document).get("data"), id_key="event_id", name_key="event_name"),
            is_test=request.query.get("test") == "true",
        )

    def judge(self, submission: Submission, terms: Terms) -> Judgement:
        for event in submission.events:
            _check(event, terms.now)
        if terms.token_problem(submission.token):
            return self.refusal({"name": "auth"}, submission)
        if not is_size(as_dict(submission.request.document).get("data"), 1000):
            return self.refusal({"message": "1 to 1,000 events."}, submission)
        return self.success(submission)

    def success(self, submission: Submission) -> Judgement:
        told = [
            {
                "status": "failed",
                "error_message": f"{event.problem.field} {event.problem.message}",
                "warning_message": "",
            }
            if event.problem
            else {"status": "processed", "error_message": "", "warning_message": ""}
            for event in submission.events
        ]
        taken = sum(event.problem is None for event in submission.events)
        body = {"num_events_received": len(told), "num_events_processed": taken, "events": told}
        return Judgement(200, body, is_accepted=taken > 0)

    def refusal(self, told: Mapping[str, Any], submission: Submission) -> Judgement:
        told = self.told(told)
        return Judgement(int(told["status"]), {"code": told.get("code", 1), "message": told["message"]})


def _check(event: Event, now: float) -> None:
    raw, user, custom = event.raw, as_dict(event.raw.get("user_data")), as_dict(event.raw.get("custom_data"))
    event.check("event_name", is_one_of(raw.get("event_name"), NAMES), "is one of Pinterest's")
    is_known = is_one_of(raw.get("action_source"), {"web", "offline", "app_ios", "app_android"})
    event.check("action_source", is_known, "is one of Pinterest's")
    event.check("event_id", is_text(raw.get("event_id")), "is there")
    check_time(event, raw.get("event_time"), now=now, days=7, words=TimeWords())
    has_address = user.get("client_ip_address") and user.get("client_user_agent")
    event.check("user_data", user.get("em") or user.get("hashed_maids") or has_address, "has em, or IP with user agent")
    for name in filter(user.__contains__, HASHED):
        is_list = isinstance(user[name], list)
        event.check(name, is_list and are_hashes(user[name]), "is a list of SHA-256 in lower-case hex")
    if "client_ip_address" in user:
        event.check("client_ip_address", is_ip(user["client_ip_address"]), "is a bare address")
    if "value" in custom:
        event.check("value", is_text(custom["value"]) and is_text(custom.get("currency")), "is text, with currency")
