"""Google Data Manager `events:ingest`, and `requestStatus:retrieve` for its later diagnostics.

Both spellings of keys are read, camelCase and snake_case; errors come back in snake_case.
https://developers.google.com/data-manager/api
"""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from adtarget.sandbox.judging import Judge, Judgement, Submission, Terms, as_dict, as_list, as_text
from adtarget.sandbox.platforms.google.diagnostics import Diagnostics
from adtarget.sandbox.platforms.google.errors import error
from adtarget.sandbox.platforms.google.events import check_event, read_event
from adtarget.sandbox.platforms.google.fields import camel
from adtarget.sandbox.platforms.google.oauth import OAuth
from adtarget.sandbox.platforms.google.request_rules import parse_refusal, request_problems
from adtarget.sandbox.request import Request

PATH = "/v1/events:ingest"


class Google(Judge):
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
        "unsigned": {
            "status": 400,
            "reason": "TERMS_AND_CONDITIONS_NOT_SIGNED",
            "message": "The terms and conditions are not signed.",
            "field": "events[0]",
        },
        "policy": {
            "status": 400,
            "reason": "DESTINATION_ACCOUNT_DATA_POLICY_PROHIBITS_ENHANCED_CONVERSIONS",
            "message": "The data policy prohibits enhanced conversions.",
        },
        "login_mismatch": {
            "status": 400,
            "reason": "OPERATING_ACCOUNT_LOGIN_ACCOUNT_MISMATCH",
            "message": "The login account has no access to the operating account.",
        },
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

    def forget(self) -> None:
        self.diagnostics.clear()

    def read(self, request: Request) -> Submission:
        document = as_dict(camel(request.document))
        destinations = [as_dict(one) for one in as_list(document.get("destinations"))]
        account = as_dict(destinations[0].get("operatingAccount")) if destinations else {}
        return Submission(
            request,
            pixel=as_text(account.get("accountId")),
            token=request.bearer,
            events=[read_event(as_dict(raw), destinations) for raw in as_list(document.get("events"))],
            is_test=document.get("validateOnly") is True,
        )

    def judge(self, submission: Submission, terms: Terms) -> Judgement:
        document = as_dict(camel(submission.request.document))
        for event in submission.events:
            check_event(event, document, terms.now)
        if problem := terms.token_problem(submission.token):
            reason = {"missing": "CREDENTIALS_MISSING", "expired": "ACCESS_TOKEN_EXPIRED"}.get(problem)
            return self.refusal({"name": "auth", "reason": reason or "ACCESS_TOKEN_TYPE_UNSUPPORTED"}, submission)
        return (
            parse_refusal(submission, document)
            or self._request_refusal(submission, document)
            or self.success(submission)
        )

    def success(self, submission: Submission) -> Judgement:
        request_id = str(uuid.uuid4())
        if not submission.is_test:
            self.diagnostics.remember(request_id, submission)
        return Judgement(200, {"requestId": request_id}, is_accepted=True)

    def refusal(self, told: Mapping[str, Any], submission: Submission) -> Judgement:
        told = self.told(told)
        field = told.get("field", "")
        if "event" in told:
            field = field or f"events.events[{told['event']}]"
        return error(
            int(told["status"]), str(told["message"]), str(told["reason"]), field=field, metadata=told.get("metadata")
        )

    def _request_refusal(self, submission: Submission, document: Mapping[str, Any]) -> Judgement | None:
        field, reason, message = next(request_problems(submission, document), ("", "", ""))
        return error(400, message, reason, field=field) if reason else None


class GoogleStatus(Judge):
    """`requestStatus:retrieve`: what became of a request half an hour later; here after `diagnostics_seconds`."""

    slug, label = "google_status", "Google diagnostics"
    keeps = False
    refusals = Google.refusals

    def __init__(self, google: Google) -> None:
        self.google = google

    def takes(self, request: Request) -> bool:
        return (request.method, request.path) == ("GET", "/v1/requestStatus:retrieve")

    def read(self, request: Request) -> Submission:
        return Submission(request, pixel="", token=request.bearer)

    def judge(self, submission: Submission, terms: Terms) -> Judgement:
        if terms.token_problem(submission.token):
            return self.refusal({"name": "auth"}, submission)
        return self.success(submission)

    def success(self, submission: Submission) -> Judgement:
        found = self.google.diagnostics.of(
            submission.request.query.get("requestId", ""), seconds_until_known=self.google.seconds_until_known
        )
        return Judgement(200, found, is_accepted=True) if found else self.refusal({"name": "not_found"}, submission)

    def refusal(self, told: Mapping[str, Any], submission: Submission) -> Judgement:
        return self.google.refusal(told, submission)


def google_judges() -> Sequence[Judge]:
    """Google's three addresses: ingestion, its later diagnostics, and tokens."""
    google = Google()
    return [google, GoogleStatus(google), OAuth()]
