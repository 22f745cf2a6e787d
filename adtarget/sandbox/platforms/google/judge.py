"""Google Data Manager `events:ingest`, and `requestStatus:retrieve` for its later diagnostics.

Both spellings of keys are read, camelCase and snake_case; errors come back in snake_case.
https://developers.google.com/data-manager/api
"""

import uuid
from collections.abc import Mapping
from typing import Any

from adtarget.sandbox.judging import Answer, Letter, Terms, World, as_dict, as_list, as_text
from adtarget.sandbox.platforms.google.diagnostics import Diagnostics
from adtarget.sandbox.platforms.google.errors import error
from adtarget.sandbox.platforms.google.events import check_event, read_event
from adtarget.sandbox.platforms.google.fields import camel
from adtarget.sandbox.platforms.google.request_rules import parse_refusal, request_problems
from adtarget.sandbox.request import Request

PATH = "/v1/events:ingest"


class Google(World):
    slug, label = "google", "Google"
    refusals = {
        "auth": {"status": 401, "reason": "ACCESS_TOKEN_EXPIRED", "message": "Request had invalid credentials."},
        "permission": {"status": 403, "reason": "USER_PERMISSION_DENIED", "message": "The caller lacks permission."},
        "disabled": {"status": 403, "reason": "SERVICE_DISABLED", "message": "Data Manager API is not enabled."},
        "not_found": {"status": 404, "reason": "NOT_FOUND", "message": "Requested entity was not found."},
        "throttled": {
            "status": 429,
            "reason": "RATE_LIMIT_EXCEEDED",
            "message": "Quota exceeded.",
            "metadata": {"quota_limit": "IngestionRequestsPerMinutePerProject"},
        },
        "day_quota": {
            "status": 429,
            "reason": "RATE_LIMIT_EXCEEDED",
            "message": "Quota exceeded.",
            "metadata": {"quota_limit": "IngestionRequestsPerDayPerProject"},
        },
        "aborted": {"status": 409, "reason": "ABORTED", "message": "The operation was aborted."},
        "transient": {"status": 503, "reason": "UNAVAILABLE", "message": "The service is currently unavailable."},
        "invalid": {"status": 400, "reason": "INVALID_ARGUMENT", "message": "Request contains an invalid argument."},
        "terms": {
            "status": 400,
            "reason": "DESTINATION_ACCOUNT_ENHANCED_CONVERSIONS_TERMS_NOT_SIGNED",
            "message": "The terms are not signed.",
            "field": "destinations[0]",
        },
    }

    def __init__(self) -> None:
        self.diagnostics = Diagnostics()

    def takes(self, request: Request) -> bool:
        return (request.method, request.path) == ("POST", PATH)

    def read(self, request: Request) -> Letter:
        document = as_dict(camel(request.document))
        destinations = [as_dict(one) for one in as_list(document.get("destinations"))]
        account = as_dict(destinations[0].get("operatingAccount")) if destinations else {}
        return Letter(
            request,
            pixel=as_text(account.get("accountId")),
            token=request.bearer,
            events=[read_event(as_dict(raw), destinations) for raw in as_list(document.get("events"))],
            is_test=document.get("validateOnly") is True,
        )

    def judge(self, letter: Letter, terms: Terms) -> Answer:
        document = as_dict(camel(letter.request.document))
        for event in letter.events:
            check_event(event, document, terms.now)
        if problem := terms.token_problem(letter.token):
            reason = {"missing": "CREDENTIALS_MISSING", "expired": "ACCESS_TOKEN_EXPIRED"}.get(problem)
            return self.refusal({"name": "auth", "reason": reason or "ACCESS_TOKEN_TYPE_UNSUPPORTED"}, letter)
        return parse_refusal(letter, document) or self._request_refusal(letter, document) or self.success(letter)

    def success(self, letter: Letter) -> Answer:
        request_id = str(uuid.uuid4())
        if not letter.is_test:
            self.diagnostics.remember(request_id, letter)
        return Answer(200, {"requestId": request_id}, is_accepted=True)

    def refusal(self, told: Mapping[str, Any], letter: Letter) -> Answer:
        told = self.told(told)
        field = told.get("field", "")
        if "event" in told:
            field = field or f"events.events[{told['event']}]"
        return error(
            int(told["status"]), str(told["message"]), str(told["reason"]), field=field, metadata=told.get("metadata")
        )

    def _request_refusal(self, letter: Letter, document: Mapping[str, Any]) -> Answer | None:
        field, reason, message = next(request_problems(letter, document), ("", "", ""))
        return error(400, message, reason, field=field) if reason else None


class GoogleStatus(World):
    """`requestStatus:retrieve`: what became of a request half an hour later; here after `diagnostics_seconds`."""

    slug, label = "google_status", "Google diagnostics"
    keeps = False
    refusals = Google.refusals

    def __init__(self, google: Google) -> None:
        self.google = google

    def takes(self, request: Request) -> bool:
        return (request.method, request.path) == ("GET", "/v1/requestStatus:retrieve")

    def read(self, request: Request) -> Letter:
        return Letter(request, pixel="", token=request.bearer)

    def judge(self, letter: Letter, terms: Terms) -> Answer:
        if terms.token_problem(letter.token):
            return self.refusal({"name": "auth"}, letter)
        return self.success(letter)

    def success(self, letter: Letter) -> Answer:
        found = self.google.diagnostics.of(letter.request.query.get("requestId", ""))
        return Answer(200, found, is_accepted=True) if found else self.refusal({"name": "not_found"}, letter)

    def refusal(self, told: Mapping[str, Any], letter: Letter) -> Answer:
        return self.google.refusal(told, letter)
