"""Google's token endpoint: a refresh token or a service account's signed assertion for an access token."""

import base64
import binascii
import secrets
from collections.abc import Mapping
from typing import Any

from adtarget.sandbox.judging import Event, Judge, Judgement, Submission, Terms, as_dict, is_number, is_text
from adtarget.sandbox.request import Request, parse_json

SCOPE = "https://www.googleapis.com/auth/datamanager"
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"


class OAuth(Judge):
    """Google's token endpoint. The signature of an assertion is not checked: the public key is not known here."""

    slug, label = "oauth", "Google OAuth"
    keeps = False
    refusals = {
        "auth": {"status": 400, "error": "invalid_grant", "message": "Token has been expired or revoked."},
        "client": {"status": 401, "error": "invalid_client", "message": "The OAuth client was not found."},
        "scope": {"status": 400, "error": "invalid_scope", "message": "Some requested scopes were invalid."},
        "throttled": {"status": 429, "error": "rate_limit_exceeded", "message": "Too many requests."},
        "transient": {"status": 503, "error": "internal_failure", "message": "Backend error."},
        "invalid": {"status": 400, "error": "invalid_request", "message": "Bad request."},
    }

    def takes(self, request: Request) -> bool:
        return (request.method, request.path) == ("POST", "/token")

    def read(self, request: Request) -> Submission:
        """An exchange is no event: it is counted as a request, and nothing of it is kept."""
        return Submission(request, pixel=request.form.get("client_id", ""))

    def judge(self, submission: Submission, terms: Terms) -> Judgement:
        form, exchange = submission.request.form, Event("", "", {})
        if form.get("grant_type") == "refresh_token":
            _check_refresh(exchange, form)
        elif form.get("grant_type") == JWT_BEARER:
            _check_assertion(exchange, form.get("assertion", ""), terms.now)
        else:
            exchange.check("grant_type", False, "is one that exists", "unsupported_grant_type")
        if exchange.problem is None:
            return self.success(submission)
        problem = exchange.problem
        status = 401 if problem.words == "invalid_client" else 400
        told = {"status": status, "error": problem.words, "message": f"{problem.field} {problem.message}."}
        return self.refusal(told, submission)

    def success(self, submission: Submission) -> Judgement:
        token = f"ya29.{secrets.randbelow(10**43):043d}"  # digits spell none of the words that make a token bad
        body = {"access_token": token, "expires_in": 3599, "scope": SCOPE, "token_type": "Bearer"}
        return Judgement(200, body, is_accepted=True, headers={"Cache-Control": "no-cache, no-store, max-age=0"})

    def refusal(self, told: Mapping[str, Any], submission: Submission) -> Judgement:
        told = self.told(told)
        return Judgement(int(told["status"]), {"error": told["error"], "error_description": told["message"]})


def _check_refresh(event: Event, form: Mapping[str, str]) -> None:
    for name in ("client_id", "client_secret", "refresh_token"):
        event.check(name, is_text(form.get(name)), "is there", "invalid_request")
    event.check("client_secret", "bad" not in form.get("client_secret", ""), "is the client's", "invalid_client")
    _check_grant(event, form.get("refresh_token", ""))


def _check_grant(event: Event, grant: str) -> None:
    event.check(
        "grant", "bad" not in grant and "expired" not in grant, "is neither expired nor revoked", "invalid_grant"
    )


def _check_assertion(event: Event, assertion: str, now: float) -> None:
    header, claims = (as_dict(_decoded(part)) for part in (*assertion.split("."), "", "")[:2])
    event.check("assertion", assertion.count(".") == 2 and claims, "is a signed JWT", "invalid_grant")
    event.check("alg", header.get("alg") == "RS256", "is RS256", "invalid_grant")
    event.check("scope", SCOPE in str(claims.get("scope", "")).split(), "names the Data Manager", "invalid_scope")
    event.check("aud", is_text(claims.get("aud")), "is there", "invalid_grant")
    issued: Any = claims.get("iat")
    expires: Any = claims.get("exp")
    if event.check("exp", is_number(issued) and is_number(expires), "and iat are seconds", "invalid_grant"):
        event.check("exp", now < expires <= issued + 3600, "is ahead, an hour after iat at most", "invalid_grant")
        event.check("iat", issued <= now + 300, "is not in the future", "invalid_grant")
    _check_grant(event, str(claims.get("iss", "bad")))


def _decoded(part: str) -> Any:
    try:
        return parse_json(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (ValueError, binascii.Error):
        return None
