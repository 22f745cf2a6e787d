"""Stores visits and sessions: one row a page view, with the click ids of the visitor's earlier ones."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from adtarget.core.times import milliseconds
from dispatch.platforms import registry
from leads.models import Site
from tracker import click_ids, row_size, visit_budget, visit_rows, visitor_consent
from tracker.models import TrackingSession, Visit
from tracker.models.visit import id_columns
from tracker.page_view import PLACE, PageView

SESSION_FOR = timedelta(minutes=30)


def latest_visit(site: Site, temp_id: UUID, now: datetime) -> Visit | None:
    """The visitor's latest visit of the last 90 days, as long as click ids are remembered."""
    visit = visit_rows.latest_of(site.pk, temp_id)
    return visit if visit and visit.visited_at > now - click_ids.REMEMBERED_FOR else None


def keep_page_view(page: PageView, *, now: datetime) -> Visit:
    """Keeps a page view in the visitor's running session or a new one.

    A visitor who names no session is most likely a new one, who is stored without being looked for first.
    """
    is_new = not page.body.get("client_session_id") and visit_rows.can_insert_unless_known()
    if is_new and visit_budget.has_room(page.site, now=now):
        visit = _new_visit(page, before=None, now=now)
        if visit_rows.insert_unless_known(visit.session, visit):
            visit_budget.note(visit, now=now)
            return visit
    return start_visit(page, before=latest_visit(page.site, page.temp_id, now), now=now)


def start_visit(page: PageView, *, before: Visit | None, now: datetime, from_tap: bool = False) -> Visit:
    """Keeps a page view, in the visitor's running session or a new one. `before` is their `latest_visit`.

    Over the site's budget of the day it may be left out: the answer is the same, and no row is there.
    """
    visit = _new_visit(page, before=before, now=now)
    visit.from_tap = from_tap
    if visit_budget.is_kept(visit, now=now):
        if visit.session._state.adding:
            visit_rows.insert_session_and_visit(visit.session, visit)
        else:
            visit_rows.continue_session(visit.session, visit, now=now)
        visit_budget.note(visit, now=now)
    if before and visitor_consent.is_news(page.consent, before):
        visitor_consent.tell_visits(page.site, page.temp_id, page.consent)
    return visit


def fill_ids(*, site: Site, temp_id: UUID, ids: Mapping[str, str], now: datetime) -> bool:
    """Adds ids that the platforms' scripts made late to the visitor's latest visit; whether there is one."""
    visit = latest_visit(site, temp_id, now)
    if visit is None:
        return False
    late = dict(ids)
    if "fbc" in late:
        late["fbc"] = click_ids.choose_fbc(fbclid="", given=late["fbc"], known=visit.fbc, now=now)
    changed = {name: value for name, value in late.items() if value != visit.signal(name)}
    if changed:
        seen_at = visit.seen_at | dict.fromkeys(changed, milliseconds(now))
        Visit.objects.filter(pk=visit.pk).update(**visit.columns_of(changed), seen_at=seen_at)
    return True


def brings_a_click(page: PageView, visit: Visit) -> bool:
    """Whether the request brings a click id that the visit does not have."""
    new = click_ids.brought(body=page.body, address=page.address, cookies={})
    new["fbc"] = _fbc(page, known=visit.fbc, now=visit.visited_at)
    parameters = (click_ids.PARAMETER + name for name in registry.kept_parameters())
    return any(new.get(name) and new[name] != visit.signal(name) for name in (*registry.click_fields(), *parameters))


def _new_visit(page: PageView, *, before: Visit | None, now: datetime) -> Visit:
    """The visit and its session, not stored yet: the one of `before` as long as it runs."""
    session = before.session if before and before.session.last_visit_at > now - SESSION_FOR else None
    same_session = before if session else None
    session = session or TrackingSession(site=page.site, temp_id=page.temp_id, started_at=now)
    session.last_visit_at = now
    session.client_session_id = page.text("client_session_id") or session.client_session_id
    signals, seen_at = _signals(page, before=before, now=now)
    external_user_id = page.text("external_user_id") or (before.external_user_id if before else "")
    texts = _shown(page, before=same_session)
    consent = dict(page.consent) or (before.consent if before else {})
    listed = _listed(page)
    limited = (value for name, value in signals.items() if name not in listed)
    taken = sum(len(value.encode()) for value in (*limited, external_user_id, json.dumps(consent)))
    return Visit(
        site=page.site,
        session=session,
        temp_id=page.temp_id,
        visited_at=now,
        external_user_id=external_user_id,
        client_ip=page.client_ip,
        seen_at=seen_at,
        consent=consent,
        **id_columns(signals),
        **row_size.cut_texts(texts, taken=taken),
    )


def _shown(page: PageView, *, before: Visit | None) -> dict[str, str]:
    """What describes the page and the visitor; `before` is of the same session."""
    url = page.web_address(page.href)
    landing_page = page.web_address(page.body.get("landing_page", "")) or (before.landing_page if before else "") or url
    return {
        "url": url,
        "landing_page": landing_page,
        "referrer": page.web_address(page.body.get("referrer", "")),
        "user_agent": page.user_agent,
        **_utms(page, before=before),
        **{name: page.text(name) for name in PLACE},
    }


def _signals(page: PageView, *, before: Visit | None, now: datetime) -> tuple[dict[str, str], dict[str, int]]:
    """The visit's click and browser ids, and when each was first seen."""
    times = _times(before) if before else {}
    known = {name: before.signal(name) for name in registry.signal_fields()} if before else {}
    known |= before.all_parameters if before else {}
    old = click_ids.remembered(known=known, seen_at=times, now=now)
    new = click_ids.brought(body=page.body, address=page.address, cookies=page.cookies)
    if fbc := _fbc(page, known=old.get("fbc", ""), now=now):
        new["fbc"] = fbc
    signals = row_size.ids_with_room(click_ids.combine(new=new, old=old), first=new, unlimited=_listed(page))
    at = milliseconds(now)
    return signals, {name: times.get(name, at) if known.get(name) == value else at for name, value in signals.items()}


def _listed(page: PageView) -> set[str]:
    """The fields of parameters that the site itself lists: they need no room beside the ids."""
    return {click_ids.PARAMETER + name.lower() for name in page.site.kept_query_parameters}


def _fbc(page: PageView, *, known: str, now: datetime) -> str:
    given = page.body.get("fbc", "") or page.cookies.get(registry.cookies().get("fbc", ""), "")
    return click_ids.choose_fbc(fbclid=page.address.get("fbclid", ""), given=given, known=known, now=now)


def _times(visit: Visit) -> dict[str, int]:
    """When each of its ids was first seen; at the visit itself where nothing says otherwise."""
    return {**dict.fromkeys(registry.signal_fields(), milliseconds(visit.visited_at)), **visit.seen_at}


def _utms(page: PageView, *, before: Visit | None) -> dict[str, str]:
    """The page's UTMs or, where it has none at all, those the session began with."""
    found = {
        name: click_ids.clean(page.body.get(name, ""), longest=click_ids.LONGEST_UTM) or page.address.get(name, "")
        for name in click_ids.UTMS
    }
    if before and not any(found.values()):
        return {name: getattr(before, name) for name in click_ids.UTMS}
    return found
