"""Answers a request by the fast path, or leaves it to the plain view before anything was done."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Any

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from adtarget.api import exception_handler, parsing
from adtarget.core import errors
from adtarget.core.client_context import claimed_client
from conversions.choices import CapiStatus
from conversions.facts import EventFacts
from conversions.fast_path import reading, recording
from conversions.recording import Recorded
from conversions.requests import ConversionRequest, EventRequest, facts_of
from leads import api_keys, failed_keys, throttling
from leads.authentication import bearer_token
from leads.resolution import Named

View = Callable[..., HttpResponse]
HEADERS = {"Allow": "POST, OPTIONS", "Cache-Control": "no-store"}


def tried_first(plain: View) -> View:
    """The plain view, asked only where the fast path does not suit the request."""

    @wraps(plain)
    def view(request: HttpRequest, telegram_user_id: str = "", **kwargs: str) -> HttpResponse:
        if _suits(request) and (answer := _answer(request, telegram_user_id)) is not None:
            return answer
        return plain(request, **({"telegram_user_id": telegram_user_id} if telegram_user_id else {}), **kwargs)

    return view


def _suits(request: HttpRequest) -> bool:
    return (
        request.method == "POST"
        and connection.vendor == "postgresql"
        and settings.API_ENABLED
        and "HTTP_IDEMPOTENCY_KEY" not in request.META
    )


def _answer(request: HttpRequest, person_of_path: str) -> HttpResponse | None:
    try:
        asked = _read(request, person_of_path)
        found = _find(request, asked) if asked else None
        if asked is None or found is None:
            return None
        throttling.require_request(found.key, request)
        api_keys.note_use(found.key, now=asked.now)
        recorded = recording.record(found, telegram_user_id=asked.telegram_user_id, facts=asked.facts, now=asked.now)
    except Exception as error:
        answer: HttpResponse = exception_handler.refuse(error, request)
    else:
        answer = HttpResponse(_compact(shown(recorded)), content_type="application/json")
    for name, value in {**HEADERS, **getattr(request, "answer_headers", {})}.items():
        answer[name] = value
    return answer


# ------------------------------------------------------------------ reading
@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    token: api_keys.Parts
    telegram_user_id: int
    named: Named
    facts: EventFacts
    now: datetime


def _read(request: HttpRequest, person_of_path: str) -> _Asked | None:
    """What is asked; None for what the plain view refuses, or resolves by the person's history."""
    token = api_keys.parts_of(bearer_token(request.META.get("HTTP_AUTHORIZATION", "")))
    if token is None or failed_keys.is_refused(request):
        return None
    now = timezone.now()
    try:
        given = parsing.parse(EventRequest if person_of_path else ConversionRequest, request)
        facts = facts_of(given, client=claimed_client(request), now=now)
    except errors.ApiError:
        return None
    person = given.get("telegram_user_id")
    if person_of_path and (not _is_canonical(person_of_path) or int(person_of_path) != (person or int(person_of_path))):
        return None
    named = Named(**{name: given.get(name, "") for name in ("site_id", "website_id", "channel_id")})
    if not named.channel_id:
        return None
    return _Asked(token=token, telegram_user_id=person or int(person_of_path), named=named, facts=facts, now=now)


def _is_canonical(person: str) -> bool:
    """Whether a Telegram id of a URL is one that needs no second look."""
    return person.isascii() and person.isdigit() and len(person) <= 15 and person != "0" * len(person)


def _find(request: HttpRequest, asked: _Asked) -> reading.Found | None:
    """None where the plain view has a refusal for it."""
    token = asked.token
    found = reading.find(
        prefix=token.prefix, mode=token.mode, named=asked.named, telegram_user_id=asked.telegram_user_id
    )
    if found is None or not api_keys.is_secret_of(found.key, token.secret):
        return None
    return None if found.key.revoked_at or found.channel.site.is_paused else found


# ------------------------------------------------------------------ answering
def shown(recorded: Recorded) -> dict[str, Any]:
    """As `conversions.serializers.ConversionAnswer`, without its machinery."""
    conversion = recorded.conversion
    answer = {
        "conversionId": conversion.pk,
        "capiStatus": (CapiStatus.PENDING if recorded.sends else CapiStatus.SKIPPED).value,
        "coldLead": recorded.is_cold,
        "dispatched": bool(recorded.sends),
        "deduplicated": recorded.is_duplicate or None,
        "updatedExisting": recorded.was_updated or None,
        "warning": recorded.warning or None,
        "warnings": [{"field": one.field, "code": one.code, "message": one.message} for one in recorded.left_out]
        or None,
        "siteId": conversion.site_id,
        "channelId": conversion.channel_id,
        "eventId": conversion.event_id,
        "sends": [{"sendId": send.pk, "platform": send.platform} for send in recorded.sends],
    }
    return {name: value for name, value in answer.items() if value is not None}


def _compact(answer: dict[str, Any]) -> str:
    return json.dumps(answer, ensure_ascii=False, separators=(",", ":"))
