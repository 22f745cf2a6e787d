"""Endpoints of sends and pixels."""

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from adtarget.api import listing, parsing
from adtarget.api.fields import SuccessAnswer
from adtarget.api.views import ApiViewSet, key_of, named_of
from adtarget.core import errors
from adtarget.core.client_context import audited_address
from adtarget.core.newest import Newest
from conversions.idempotency import idempotent
from dispatch import replaying, schema
from dispatch.finding import find_sends
from dispatch.models import Pixel, Send
from dispatch.serializers import PixelsAnswer, RetryAnswer, RetryRequest, SendDetail, SendQuery, SendsAnswer
from leads.resolution import named_site

MOST_RETRIED = 5000  # sends of one POST /sends/retry


class SendViewSet(ApiViewSet):
    @extend_schema(**schema.GET_SEND, responses={200: SendDetail})
    def retrieve(self, request: Request, send_id: str) -> Response:
        sends = Send.objects.select_related("pixel").filter(key_of(request).scope("conversion__"))
        send = sends.filter(pk=send_id).first()
        if send is None:
            raise errors.NotFound("There is no such send.")
        return Response(SendDetail(send).data)

    @extend_schema(**schema.LIST_SENDS, parameters=[SendQuery], responses={200: SendsAnswer})
    def list(self, request: Request) -> Response:
        wanted = listing.read_query(SendQuery, request)
        key = key_of(request)
        found, pixels = find_sends(key, wanted)
        newest: Newest | None = Newest("pixel", pixels, "created_at")
        if key.is_test:  # the few sends of tests are found by their conversions
            found, newest = found.filter(pixel__in=pixels), None
        page, cursor = listing.page_of(found, wanted, by="created_at", newest=newest)
        return Response(SendsAnswer({"sends": page, "nextCursor": cursor}).data)

    @extend_schema(**schema.RETRY_SEND, request=None, responses={200: SuccessAnswer})
    @idempotent
    def retry(self, request: Request, send_id: str) -> Response:
        key = key_of(request)
        send = Send.objects.filter(key.scope("conversion__"), pk=send_id)
        status = send.values_list("status", flat=True).first()
        if status is None:
            raise errors.NotFound("There is no such send.")
        if status not in replaying.ENDED:
            raise errors.InvalidPayload(f"This send is {status}. Only a failed or skipped one is tried again.")
        address = audited_address(request._request)
        outcomes = replaying.retry(send, actor=f"key {key.prefix}", now=timezone.now(), client_ip=address)
        if not outcomes.done:
            raise errors.InvalidPayload(" ".join(outcomes.refused))
        return Response(SuccessAnswer({"success": True}).data)

    @extend_schema(**schema.RETRY_SENDS, request=RetryRequest, responses={200: RetryAnswer})
    @idempotent
    def retry_many(self, request: Request) -> Response:
        key = key_of(request)
        wanted = parsing.parse(RetryRequest, request._request)
        sends, pixels = find_sends(key, wanted)
        found = sends.filter(pixel__in=pixels).order_by("created_at").values_list("pk", flat=True)
        ids = list(found[: MOST_RETRIED + 1])
        outcomes = replaying.replay(
            Send.objects.filter(pk__in=ids[:MOST_RETRIED]),
            actor=f"key {key.prefix}",
            now=timezone.now(),
            client_ip=audited_address(request._request),
        )
        refused = [{"message": why, "sends": len(sends)} for why, sends in outcomes.refused.items()]
        more = len(ids) > MOST_RETRIED
        return Response(RetryAnswer({"retried": outcomes.done, "refused": refused, "more": more}).data)


class PixelViewSet(ApiViewSet):
    @extend_schema(**schema.LIST_PIXELS, responses={200: PixelsAnswer})
    def list(self, request: Request) -> Response:
        key = key_of(request)
        site = named_site(key=key, named=named_of(request))
        pixels = Pixel.objects.filter(site__account=key.account_id, **({"site": site} if site else {}))
        return Response(PixelsAnswer({"pixels": pixels.order_by("site_id", "created_at")}).data)
