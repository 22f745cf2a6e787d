"""A receiver of our outgoing webhooks, which checks them by the Standard Webhooks convention."""

import base64
import binascii
import hmac
import re
from collections.abc import Mapping
from typing import Any

from adtarget.sandbox.judging import Event, Judge, Judgement, Submission, Terms, as_dict, is_text, mask
from adtarget.sandbox.request import Request

PATH = re.compile(r"/webhooks/([A-Za-z0-9_.-]{1,64})")
TOLERANCE_SECONDS = 300


class Webhooks(Judge):
    """`secrets` by receiver name; without one a signature is only looked at for its shape."""

    slug, label = "webhook", "Webhook"
    refusals = {
        "auth": {"status": 401, "message": "Wrong signature."},
        "not_found": {"status": 404, "message": "Nobody listens here."},
        "gone": {"status": 410, "message": "This receiver has been taken down."},
        "throttled": {"status": 429, "message": "Too many requests."},
        "transient": {"status": 503, "message": "Come back later."},
        "invalid": {"status": 400, "message": "Not understood."},
    }

    def __init__(self) -> None:
        self.secrets: dict[str, str] = {}

    def takes(self, request: Request) -> bool:
        return request.method == "POST" and bool(PATH.fullmatch(request.path))

    def read(self, request: Request) -> Submission:
        path = PATH.fullmatch(request.path)
        headers = {name: value for name, value in request.headers.items() if name != "authorization"}
        document = as_dict(request.document)
        event = Event(
            headers.get("webhook-id", ""), str(document.get("type", "")), {"headers": headers, "body": request.document}
        )
        return Submission(request, pixel=path[1] if path else "", token=mask(request.bearer), events=[event])

    def judge(self, submission: Submission, terms: Terms) -> Judgement:
        event, headers = submission.events[0], submission.request.headers
        event.check("body", isinstance(submission.request.document, dict), "is a JSON object")
        event.check("type", is_text(as_dict(submission.request.document).get("type")), "is named in the body")
        event.check("webhook-id", is_text(headers.get("webhook-id")), "is there")
        stamp = headers.get("webhook-timestamp", "")
        is_near = stamp.isdigit() and abs(int(stamp) - terms.now) <= TOLERANCE_SECONDS
        event.check("webhook-timestamp", is_near, "is Unix seconds, five minutes from now at most")
        self._check_signature(submission)
        if event.problem:
            return self.refusal(
                {"name": "auth" if event.problem.field.startswith("webhook") else "invalid"}, submission
            )
        return self.success(submission)

    def success(self, submission: Submission) -> Judgement:
        return Judgement(200, {"ok": True}, is_accepted=True)

    def refusal(self, told: Mapping[str, Any], submission: Submission) -> Judgement:
        told = self.told(told)
        return Judgement(int(told["status"]), {"error": told["message"]})

    def _check_signature(self, submission: Submission) -> None:
        event, headers = submission.events[0], submission.request.headers
        given = headers.get("webhook-signature", "").split()
        shaped = [one.removeprefix("v1,") for one in given if one.startswith("v1,")]
        event.check("webhook-signature", shaped, "has a v1 signature")
        secret = self.secrets.get(submission.pixel)
        if secret:
            signed = f"{headers.get('webhook-id', '')}.{headers.get('webhook-timestamp', '')}.".encode()
            right = signature(secret, signed + submission.request.body)
            is_right = any(hmac.compare_digest(right.encode(), one.encode()) for one in shaped)
            event.check("webhook-signature", is_right, "is made with the secret")


def signature(secret: str, content: bytes) -> str:
    """Base64 of HMAC-SHA256 over `id.timestamp.body`; a secret is `whsec_` and base64, or taken as it is."""
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True) if secret.startswith("whsec_") else b""
    except (ValueError, binascii.Error):
        key = b""
    return base64.b64encode(hmac.digest(key or secret.encode(), content, "sha256")).decode()
