"""Judges uploads of offline conversions as Yandex Metrica does (yandex.com/dev/metrika, read in 2026-11)."""

import csv
import re
from collections.abc import Mapping
from typing import Any

from adtarget.sandbox.judging import DAY, Event, Judge, Judgement, Submission, Terms
from adtarget.sandbox.request import Request

PATH = re.compile(r"/management/v1/counter/([^/]+)/offline_conversions/upload")
ID_COLUMNS = {"YCLID": "Yclid", "CLIENT_ID": "ClientId", "USER_ID": "UserId", "PURCHASE_ID": "PurchaseId"}
AMOUNT = re.compile(r"[0-9]+(\.[0-9]+)?")
ID = re.compile(r"[A-Za-z0-9._-]+")


class Yandex(Judge):
    slug, label = "yandex", "Yandex Metrica"
    refusals = {
        "auth": {"status": 401, "message": "Invalid token."},
        "permission": {"status": 403, "message": "Access is denied."},
        "not_found": {"status": 404, "message": "Entity not found."},
        "throttled": {"status": 429, "message": "Quota exceeded."},
        "transient": {"status": 500, "message": "Internal error."},
        "invalid": {"status": 400, "message": "Invalid file."},
    }

    def takes(self, request: Request) -> bool:
        return request.method == "POST" and bool(PATH.fullmatch(request.path))

    def read(self, request: Request) -> Submission:
        path = PATH.fullmatch(request.path)
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        column = ID_COLUMNS.get(request.query.get("client_id_type", ""), "")
        rows = [{key: value for key, value in row.items() if value} for row in _rows(request)]
        events = [Event(row.get(column, ""), row.get("Target", ""), row) for row in rows]
        return Submission(
            request, pixel=path[1] if path else "", token=token if scheme == "OAuth" else "", events=events
        )

    def judge(self, submission: Submission, terms: Terms) -> Judgement:
        for event in submission.events:
            _check(event, terms.now)
        if terms.token_problem(submission.token):
            return self.refusal({"name": "auth"}, submission)
        if not submission.events:
            return self.refusal({"message": "The file has no lines."}, submission)
        if submission.problem:
            index, check = submission.problem
            return self.refusal({"message": f"Line {index + 2}: {check.field} {check.message}."}, submission)
        return self.success(submission)

    def success(self, submission: Submission) -> Judgement:
        kind = submission.request.query.get("client_id_type", "")
        told = {"id": 7, "source_quantity": len(submission.events), "client_id_type": kind, "status": "UPLOADED"}
        return Judgement(200, {"uploading": told}, is_accepted=True)

    def refusal(self, told: Mapping[str, Any], submission: Submission) -> Judgement:
        told = self.told(told)
        status, message = int(told["status"]), told["message"]
        errors = [{"error_type": "invalid_parameter", "message": message}]
        return Judgement(status, {"errors": errors, "code": status, "message": message})


def _rows(request: Request) -> list[dict[str, str]]:
    """The lines of the one file of the form."""
    _, _, boundary = request.headers.get("content-type", "").partition("boundary=")
    parts = request.body.decode("utf-8", "replace").split(f"--{boundary}") if boundary else []
    files = [part.partition("\r\n\r\n")[2].strip("\r\n") for part in parts if 'name="file"' in part]
    return list(csv.DictReader(files[0].splitlines())) if files else []


def _check(event: Event, now: float) -> None:
    raw = event.raw
    at = str(raw.get("DateTime", ""))
    event.check("id", ID.fullmatch(event.event_id), "is there")
    event.check("Target", raw.get("Target"), "is there")
    is_past = at.isdecimal() and now - 21 * DAY - 1 <= int(at) <= now + 1
    event.check("DateTime", is_past, "is in Unix seconds, in the past")
    if raw.get("Price"):
        event.check("Price", AMOUNT.fullmatch(str(raw["Price"])), "is a number")
        event.check("Currency", len(str(raw.get("Currency", ""))) == 3, "is an ISO 4217 code")
