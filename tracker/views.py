"""The tracker's public endpoints, which need no API key."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from psycopg_pool import PoolTimeout

from adtarget.api import exception_handler, parsing
from adtarget.core import errors, rate_limit
from adtarget.core.client_context import limit_group, peer_address
from adtarget.core.partitions.patience import was_moved
from leads.models import Site
from tracker import click_ids, invites, link_making, origins, visitor_consent, visits
from tracker.models import Visit
from tracker.page_view import acceptable_ids, read_page_view, read_uuid
from tracker.serializers import InitRequest, InviteRequest, UpdateRequest, read_fields
from tracker.sites import site_named

VISITOR_COOKIE, VISITOR_FOR = "adtarget_temp_id", 365 * 24 * 3600
SESSION_COOKIE = "adtarget_session_id"

View = Callable[[HttpRequest], HttpResponse]


def endpoint(method: str) -> Callable[[View], View]:
    """One verb, a limit per address, and the documented envelope for every refusal."""

    def wrap(view: View) -> View:
        @csrf_exempt
        @wraps(view)
        def guarded(request: HttpRequest) -> HttpResponse:
            try:
                _admit(request, method)
                response = _answer(view, request)
            except Exception as error:
                refusal = exception_handler.translate(error)
                if isinstance(refusal, errors.InternalError):
                    raise  # Django logs it, handler500 answers
                response = exception_handler.answer(refusal)
            response["Cache-Control"] = "no-store"
            return response

        return guarded

    return wrap


def _answer(view: View, request: HttpRequest) -> HttpResponse:
    """The view's answer, asked for again where a row moved to another partition meanwhile."""
    try:
        return view(request)
    except OperationalError as error:
        if not was_moved(error):
            raise
        return view(request)


def _admit(request: HttpRequest, method: str) -> None:
    if request.method != method:
        raise errors.MethodNotAllowed(allow=f"{method}, OPTIONS")
    _limit(f"address:{_address(request)}", settings.TRACKER_RATE_LIMIT_PER_ADDRESS)


@endpoint("POST")
def init(request: HttpRequest) -> HttpResponse:
    """`POST /backend/track/init`: keeps a page view."""
    body = _body(InitRequest, request)
    site = _site(body["website_id"])
    origins.check(site, request, href=body["href"])
    known = body.get("temp_id") or _visitor_by_cookie(request)
    now = timezone.now()
    page = read_page_view(request, site=site, temp_id=known or uuid4(), href=body["href"], body=body)
    visit = visits.keep_page_view(page, now=now) if known else visits.start_visit(page, before=None, now=now)
    answer = _visit_answer(visit)
    if body.get("links"):
        answer["links"] = invites.own_links(site)
    return _with_cookies(JsonResponse(answer), answer["cookies"], is_secure=request.is_secure())


@endpoint("POST")
def update_fbp(request: HttpRequest) -> HttpResponse:
    """`POST /backend/track/update-fbp`: browser ids that the platforms' own scripts made late."""
    body = _body(UpdateRequest, request)
    site = _site(body.pop("website_id"))
    origins.check(site, request)
    temp_id = body.pop("temp_id")
    now = timezone.now()
    consent = visitor_consent.said_on_page(body.pop("consent", None), now)
    ids = acceptable_ids(body)
    if not ids and not consent:
        raise errors.InvalidPayload("fbp is required, and must look like fb.1.1596403881668.1116446470.")
    is_known = visits.fill_ids(site=site, temp_id=temp_id, ids=ids, now=now)
    if is_known and consent:
        visitor_consent.tell_visits(site, temp_id, consent)
    return JsonResponse({"success": is_known})


@endpoint("GET")
def invite(request: HttpRequest) -> HttpResponse:
    """`GET /backend/track/invite`: sends the visitor on by a link that leads back to their visit.

    With the database away: by the channel's own link, from memory.
    """
    query = _query(request)
    named = query["website_id"], query.get("channel_id", "")
    try:
        channel = invites.channel_for(*named)
        invites.remember(*named, channel)
        origins.check(channel.site, request)
        _limit_site(channel.site)
        visit = _visit_of_click(request, channel.site, query)
        given = invites.give_invite(channel=channel, visit=visit, address=_address(request), now=timezone.now())
    except (OperationalError, InterfaceError, PoolTimeout) as error:
        if not was_moved(error) and (link := invites.remembered_link(*named)):
            return _redirect(link)
        raise
    if request.GET.get("format") != "json" and "application/json" not in request.headers.get("Accept", ""):
        return _redirect(given.link)
    answer = {"inviteLink": given.link, "channelId": given.channel_id, "visitId": visit.pk}
    return JsonResponse(answer | ({"unattributable": given.reason} if given.reason else {}))


def _visit_of_click(request: HttpRequest, site: Site, query: dict[str, Any]) -> Visit:
    """The visitor's latest visit; a new one where there is none, or where the click itself names another ad."""
    now = timezone.now()
    page = read_page_view(request, site=site, temp_id=query["temp_id"], href=_page_of_click(request), body=query)
    page.address.update(click_ids.in_query(request.META.get("QUERY_STRING", ""), listed=site.kept_query_parameters))
    before = visits.latest_visit(site, page.temp_id, now)
    if before and not visits.brings_a_click(page, before):
        return before
    return visits.start_visit(page, before=before, now=now, from_tap=True)


def _page_of_click(request: HttpRequest) -> str:
    """The page with the button, as far as the browser names it."""
    referer = request.headers.get("Referer", "")
    return referer if origins.host_of(referer) else ""


def _visit_answer(visit: Visit) -> dict[str, Any]:
    temp_id = str(visit.temp_id)
    session_for = int(visits.SESSION_FOR.total_seconds())
    return {
        "visitId": visit.pk,
        "sessionId": visit.session_id,
        "tempId": temp_id,
        "clientSessionId": visit.session.client_session_id or visit.session_id,
        "cookies": {
            "tempId": _cookie(VISITOR_COOKIE, temp_id, VISITOR_FOR),
            "session": _cookie(SESSION_COOKIE, visit.session_id, session_for),
        },
    }


def _cookie(name: str, value: str, max_age: int) -> dict[str, Any]:
    return {"name": name, "value": value, "maxAge": max_age, "sameSite": "Lax"}


def _with_cookies(response: HttpResponse, cookies: dict[str, dict[str, Any]], *, is_secure: bool) -> HttpResponse:
    """The same as Set-Cookie, for pages that reach us through their own domain; the script reads them too."""
    for cookie in cookies.values():
        response.set_cookie(
            cookie["name"], cookie["value"], max_age=cookie["maxAge"], samesite=cookie["sameSite"], secure=is_secure
        )
    return response


def _redirect(link: str) -> HttpResponse:
    """The only redirect there is. Raises where a stored link is no Telegram link."""
    if not link_making.LINK.fullmatch(link):
        raise errors.ServiceUnavailable("This channel has no invite link at the moment.", retry_after=30)
    return HttpResponseRedirect(link)


# ------------------------------------------------------------------ reading a request
def _body(serializer: Any, request: HttpRequest) -> dict[str, Any]:
    return read_fields(serializer, parsing.read_json(request, allow_text_plain=True))


def _query(request: HttpRequest) -> dict[str, Any]:
    """The invite's query as validated facts; the visitor may be named by their cookie instead."""
    given = {name: value for name, value in request.GET.items() if value and "\0" not in value}
    visitor = _visitor_by_cookie(request)
    if visitor and not given.get("tempId"):
        given["tempId"] = str(visitor)
    return read_fields(InviteRequest, given)


def _visitor_by_cookie(request: HttpRequest) -> UUID | None:
    return read_uuid(request.COOKIES.get(VISITOR_COOKIE, ""))


def _site(website_id: str) -> Site:
    site = site_named(website_id)
    _limit_site(site)
    return site


# ------------------------------------------------------------------ limits
def _address(request: HttpRequest) -> str:
    return limit_group(peer_address(request))


def _limit(bucket: str, per_minute: int, *, is_shared: bool = True) -> None:
    burst = max(1, per_minute // 2)
    name = f"tracker:{bucket}"
    # On loan: a page's few requests cost no round trip, and an address that asks more is counted exactly.
    if wait := rate_limit.take(name, per_minute=per_minute, burst=burst, is_shared=is_shared, on_loan=True):
        raise errors.RateLimited(retry_after=wait)


def _limit_site(site: Site) -> None:
    """In each process by itself: a safety valve that need not be exact, on a path where a round trip is dear."""
    _limit(f"site:{site.pk}", settings.TRACKER_RATE_LIMIT_PER_SITE, is_shared=False)
