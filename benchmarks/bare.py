"""The yardstick: a bare Django view that makes the same three inserts in one transaction."""

import json
from functools import cache

from django.db import transaction
from django.http import HttpRequest, JsonResponse
from django.urls import path
from django.utils import timezone

from conversions.models import Conversion
from dispatch.models import Pixel, Send
from leads.models import Channel, Lead


@cache
def _tenant() -> tuple[Channel, Pixel]:
    return Channel.objects.select_related("site").get(), Pixel.objects.get()


def create(request: HttpRequest) -> JsonResponse:
    body, now, (channel, pixel) = json.loads(request.body), timezone.now(), _tenant()
    person = body["telegramUserId"]
    with transaction.atomic():
        lead = Lead.objects.create(site=channel.site, telegram_user_id=person, first_seen_at=now, last_seen_at=now)
        conversion = Conversion.objects.create(
            account_id=channel.site.account_id,
            site=channel.site,
            channel=channel,
            lead=lead,
            telegram_user_id=person,
            source="api",
            event_type="Lead",
            event_time=now,
            attributed_at=now,
        )
        send = Send.objects.create(conversion=conversion, pixel=pixel, platform="meta", due_at=now, created_at=now)
    return JsonResponse({"conversionId": conversion.pk, "sends": [send.pk]})


urlpatterns = [path("api/v1/events/conversion", create)]
