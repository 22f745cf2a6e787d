"""Parameters of Bot API calls, read and refused as Telegram does."""

import re
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from adtarget.sandbox.telegram.delivery import is_this_machine
from adtarget.sandbox.telegram.state import Json

SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")
PORTS = frozenset({None, 80, 88, 443, 8443})


class Refused(Exception):
    """Telegram's own error."""

    def __init__(self, code: int, description: str, **parameters: Any) -> None:
        super().__init__(description)
        self.code, self.description, self.parameters = code, description, parameters


def link_facts(params: Mapping[str, Any]) -> Json:
    facts: Json = {
        "name": str(params.get("name") or ""),
        "expires_at": whole(params, "expire_date", default=0),
        "member_limit": whole(params, "member_limit", default=0),
        "creates_join_request": flag(params, "creates_join_request"),
    }
    _check_link(facts)
    return facts


def _check_link(facts: Json) -> None:
    if len(facts["name"]) > 32:
        raise Refused(400, "Bad Request: invite link name is too long")
    if not 0 <= facts["member_limit"] <= 99_999:
        raise Refused(400, "Bad Request: member limit must be between 1 and 99999")
    if facts["member_limit"] and facts["creates_join_request"]:
        told = "member limit can't be specified for links requiring administrator approval"
        raise Refused(400, f"Bad Request: {told}")
    if facts["expires_at"] and facts["expires_at"] <= time.time():
        raise Refused(400, "Bad Request: expire date must be in the future")


def check_webhook(url: str, secret: str) -> None:
    """http, and any port, are allowed on this machine only: Telegram itself would refuse them."""
    parts = urlsplit(url)
    if not is_this_machine(parts.hostname or ""):
        if parts.scheme != "https":
            raise Refused(400, "Bad Request: bad webhook: An HTTPS URL must be provided for webhook")
        if parts.port not in PORTS:
            raise Refused(400, "Bad Request: bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443")
    if secret and not SECRET.fullmatch(secret):
        raise Refused(400, "Bad Request: secret token contains unallowed characters")


def whole(params: Mapping[str, Any], name: str, *, default: int | None = None) -> int:
    value = params.get(name)
    if value in (None, "") and default is not None:
        return default
    try:
        return int(str(value))
    except ValueError:
        raise Refused(400, f"Bad Request: {name} must be a number") from None


def flag(params: Mapping[str, Any], name: str) -> bool:
    return str(params.get(name, "")).lower() in ("true", "1")
