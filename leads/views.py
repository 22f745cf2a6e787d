"""Endpoints of leads, channels and the key itself."""

from datetime import UTC, datetime, timedelta

from django.db.models import Q
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from adtarget.api.views import ApiViewSet, key_of, named_of, telegram_id_of_path, text_of_query
from adtarget.core import errors
from adtarget.core.client_context import audited_address
from conversions.erasing import erase_person
from conversions.models import Conversion
from conversions.models.conversion import ConversionQuerySet
from leads import schema
from leads.models import Channel, Lead, Site
from leads.resolution import history_site, named_site
from leads.serializers import ChannelsAnswer, KeyAnswer, LeadAnswer, SitesAnswer
from leads.unreadable import read_rows

MOST_CONVERSIONS = 100


class LeadViewSet(ApiViewSet):
    @extend_schema(**schema.GET_LEAD, responses={200: LeadAnswer})
    def retrieve(self, request: Request, telegram_user_id: str) -> Response:
        person, limit = telegram_id_of_path(telegram_user_id), _limit(request)
        site = named_site(key=key_of(request), named=named_of(request)) or history_site(
            key=key_of(request), telegram_user_id=person
        )
        lead = Lead.objects.filter(site=site, telegram_user_id=person).first()
        conversions = Conversion.objects.filter(key_of(request).scope(), lead=lead)
        if lead is None or not conversions.exists():
            raise errors.LeadNotFound
        if key_of(request).is_test:
            _show_only_tests(lead, conversions)
        shown = conversions.filter(_before(request, conversions)).prefetch_related("sends")
        lead.latest_conversions = read_rows(shown.latest_first()[:limit]).found  # type: ignore[attr-defined]
        return Response(LeadAnswer(lead).data)

    @extend_schema(**schema.ERASE_LEAD, request=None, responses={204: None})
    def destroy(self, request: Request, telegram_user_id: str) -> Response:
        person, key = telegram_id_of_path(telegram_user_id), key_of(request)
        if key.is_test:
            raise errors.InvalidPayload("A test key cannot erase a person. Use a live key.")
        if not key.acts_for_account:
            raise errors.NotFound("A person is erased from the whole account. Use a key that is not limited to a site.")
        erase_person(
            key.account,
            person,
            actor=f"key {key.prefix}",
            now=timezone.now(),
            client_ip=audited_address(request._request),
        )
        return Response(status=204)


class ChannelViewSet(ApiViewSet):
    @extend_schema(**schema.LIST_CHANNELS, responses={200: ChannelsAnswer})
    def list(self, request: Request) -> Response:
        site = named_site(key=key_of(request), named=named_of(request))
        channels = Channel.objects.active().filter(site__account=key_of(request).account_id).select_related("site")
        if site is not None:
            channels = channels.filter(site=site)
        return Response(ChannelsAnswer({"channels": channels.order_by("site_id", "funnel_order", "id")}).data)


class SiteViewSet(ApiViewSet):
    @extend_schema(**schema.LIST_SITES, responses={200: SitesAnswer})
    def list(self, request: Request) -> Response:
        key = key_of(request)
        sites = Site.objects.filter(account=key.account_id, **({"pk": key.site_id} if key.site_id else {}))
        return Response(SitesAnswer({"sites": sites.order_by("created_at", "pk")}).data)


class KeyViewSet(ApiViewSet):
    @extend_schema(**schema.GET_ME, responses={200: KeyAnswer})
    def retrieve(self, request: Request) -> Response:
        return Response(KeyAnswer(key_of(request)).data)


def _show_only_tests(lead: Lead, conversions: ConversionQuerySet) -> None:
    """The lead as its test conversions know it: the row itself holds the live dates and external id."""
    first_to_last = conversions.order_by("attributed_at")
    ids = conversions.latest_first().exclude(external_user_id="")
    lead.first_seen_at = first_to_last.values_list("attributed_at", flat=True)[0]
    lead.last_seen_at = first_to_last.reverse().values_list("attributed_at", flat=True)[0]
    lead.external_user_id = ids.values_list("external_user_id", flat=True).first() or ""


def _limit(request: Request) -> int:
    text = request.query_params.get("limit", str(MOST_CONVERSIONS))
    if not (text.isascii() and text.isdigit() and len(text) <= 4 and 1 <= int(text) <= MOST_CONVERSIONS):
        raise errors.InvalidPayload(f"limit must be an integer between 1 and {MOST_CONVERSIONS}.")
    return int(text)


def _before(request: Request, conversions: ConversionQuerySet) -> Q:
    """Older than one of the conversions, or than Unix milliseconds; any other id is refused alike."""
    text = text_of_query(request, "before")
    if not text:
        return Q()
    if text.isascii() and text.isdigit():
        if len(text) > 14:
            raise errors.InvalidPayload("before must be a conversionId of this list or Unix milliseconds.")
        return Q(attributed_at__lt=datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=int(text)))
    # The list is in order of attribution, which ids need not be.
    at = conversions.filter(pk=text).values_list("attributed_at", flat=True).first()
    if at is None:
        raise errors.InvalidPayload("before must be a conversionId of this list or Unix milliseconds.")
    return Q(attributed_at__lt=at) | Q(attributed_at=at, pk__lt=text)
