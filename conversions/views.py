"""The event endpoints: parse, call, present."""

from typing import Any

from django.conf import settings
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from adtarget.api import listing, parsing
from adtarget.api.fields import SuccessAnswer
from adtarget.api.views import ApiViewSet, key_of, telegram_id_of_path
from adtarget.core import errors
from adtarget.core.client_context import claimed_client
from conversions import recording, schema, submitting
from conversions.batch.items import read_items
from conversions.batch.running import record_batch
from conversions.finding import find_conversions
from conversions.idempotency import idempotent
from conversions.models import Conversion
from conversions.requests import BatchRequest, ConversionQuery, ConversionRequest, EventRequest, ValueRequest, facts_of
from conversions.serializers import (
    BatchAnswer,
    ConversionAnswer,
    ConversionDetail,
    ConversionsAnswer,
    ValidationAnswer,
    forecast,
)
from conversions.validating import validate_event
from leads import throttling
from leads.resolution import Named, NoHistory, resolve


class ConversionViewSet(ApiViewSet):
    @extend_schema(**schema.CREATE_CONVERSION, request=ConversionRequest, responses={200: ConversionAnswer})
    @idempotent
    def create(self, request: Request) -> Response:
        given = parsing.parse(ConversionRequest, request._request)
        return _record(request, given, telegram_user_id=given["telegram_user_id"])

    @extend_schema(**schema.CREATE_BATCH, request=BatchRequest, responses={200: BatchAnswer})
    @idempotent
    def batch(self, request: Request) -> Response:
        now = timezone.now()
        items = read_items(parsing.read_json(request._request, most=settings.API_BATCH_MAX_BYTES), now=now)
        throttling.require_events(key_of(request), len(items))
        results = record_batch(key_of(request), items, now=now)
        accepted = sum(result["status"] < 300 for result in results)
        return Response({"accepted": accepted, "failed": len(results) - accepted, "results": results})

    @extend_schema(**schema.VALIDATE_EVENT, request=ConversionRequest, responses={200: ValidationAnswer})
    def validate(self, request: Request) -> Response:
        given = parsing.parse(ConversionRequest, request._request)
        validated = validate_event(**_event(request, given, telegram_user_id=given["telegram_user_id"]))
        return Response(parsing.present(ValidationAnswer, forecast(validated)))

    @extend_schema(**schema.GET_CONVERSION, responses={200: ConversionDetail})
    def retrieve(self, request: Request, conversion_id: str) -> Response:
        conversions = Conversion.objects.filter(key_of(request).scope()).prefetch_related("sends__pixel")
        conversion = conversions.filter(pk=conversion_id).first()
        if conversion is None:
            raise errors.ConversionNotFound
        return Response(ConversionDetail(conversion).data)

    @extend_schema(**schema.LIST_CONVERSIONS, parameters=[ConversionQuery], responses={200: ConversionsAnswer})
    def list(self, request: Request) -> Response:
        wanted = listing.read_query(ConversionQuery, request)
        found = find_conversions(key_of(request).scope(), wanted)
        page, cursor = listing.page_of(found, wanted, by="attributed_at")
        return Response(ConversionsAnswer({"conversions": page, "nextCursor": cursor}).data)


class LeadEventViewSet(ApiViewSet):
    @extend_schema(**schema.CREATE_LEAD_EVENT, request=EventRequest, responses={200: ConversionAnswer})
    @idempotent
    def create(self, request: Request, telegram_user_id: str) -> Response:
        person = telegram_id_of_path(telegram_user_id)
        given = parsing.parse(EventRequest, request._request)
        if given.get("telegram_user_id", person) != person:
            raise errors.InvalidPayload("telegramUserId of the body is another than that of the address.")
        try:
            return _record(request, given, telegram_user_id=person)
        except NoHistory as error:
            raise errors.LeadNotFound from error

    @extend_schema(**schema.SUBMIT_VALUE, request=ValueRequest, responses={200: SuccessAnswer})
    @idempotent
    def submit_value(self, request: Request, telegram_user_id: str, conversion_id: str) -> Response:
        person = telegram_id_of_path(telegram_user_id)
        given = parsing.parse(ValueRequest, request._request)
        conversion = Conversion.objects.filter(key_of(request).scope(), pk=conversion_id, telegram_user_id=person)
        submitting.submit_value(conversions=conversion, **given, now=timezone.now())
        return Response(SuccessAnswer({"success": True}).data)


def _record(request: Request, given: dict[str, Any], *, telegram_user_id: int) -> Response:
    recorded = recording.record_conversion(**_event(request, given, telegram_user_id=telegram_user_id))
    return Response(parsing.present(ConversionAnswer, recorded))


def _event(request: Request, given: dict[str, Any], *, telegram_user_id: int) -> dict[str, Any]:
    """The arguments of `record_conversion` that a validated body means."""
    now = timezone.now()
    facts = facts_of(given, client=claimed_client(request._request), now=now)
    named = Named(**{name: given.get(name, "") for name in ("site_id", "website_id", "channel_id")})
    channel = resolve(key=key_of(request), named=named, telegram_user_id=telegram_user_id)
    key = key_of(request)
    return {"key": key, "channel": channel, "telegram_user_id": telegram_user_id, "facts": facts, "now": now}
