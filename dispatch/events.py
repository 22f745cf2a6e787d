"""Builds the event that platform adapters get from a conversion."""

from typing import Any

from conversions.choices import EventType
from conversions.hashing import external_id, sha256
from conversions.identifiers import effective_signals, effective_utms, is_of_a_person
from conversions.inheritance import effective_pii
from conversions.models import Conversion
from dispatch import page_urls
from dispatch.platforms.facts import LandingVisit, OutgoingEvent
from tracker.click_ids import PARAMETER, parameters_among


def outgoing_event(conversion: Conversion) -> OutgoingEvent:
    """The conversion as adapters get it; reads its `visit` and `site`, nothing else."""
    known: dict[str, Any] = {**_signals(conversion), **effective_pii(conversion)}
    return OutgoingEvent(
        event_id=conversion.event_id,
        event_type=EventType(conversion.event_type),
        custom_name=conversion.custom_event_name,
        occurred_at=conversion.event_time,
        value=conversion.value,
        currency=conversion.currency,
        content_name=conversion.content_name,
        order_id=conversion.order_id,
        external_id=sha256(external_id(conversion.external_user_id)),
        person_id=sha256(str(conversion.telegram_user_id)),
        visit=_landing(conversion),
        utms=effective_utms(conversion),
        conversion_id=conversion.pk,
        telegram_user_id=str(conversion.telegram_user_id),
        is_test=conversion.is_test,
        **known,
    )


def _signals(conversion: Conversion) -> dict[str, Any]:
    """The ids, addresses and pages that are known of the event."""
    signals: dict[str, Any] = dict(_with_one_braid(effective_signals(conversion), conversion))
    address, kept = signals.pop("client_ip", ""), conversion.site.kept_query_parameters
    url = page_urls.reduced(signals.pop("event_source_url", ""), kept)
    referrer = page_urls.reduced(signals.pop("referrer", ""), kept)
    more = {name: signals.pop(name) for name in list(signals) if name not in OutgoingEvent.__dataclass_fields__}
    return {
        **signals,
        "parameters": parameters_among(more),
        "more_ids": {name: value for name, value in more.items() if not name.startswith(PARAMETER)},
        "client_ip": address if is_of_a_person(address) else "",
        "event_source_url": url or f"https://{conversion.site.domain}/",
        "is_url_given": bool(url),
        "referrer": referrer,
    }


def _with_one_braid(signals: dict[str, str], conversion: Conversion) -> dict[str, str]:
    """The signals with the later of gbraid and wbraid, which exclude each other at Google; the request's is later."""
    if not ("gbraid" in signals and "wbraid" in signals):
        return signals
    seen_at = conversion.visit.seen_at if conversion.visit else {}
    gbraid, wbraid = ((name in conversion.api_visit_override, seen_at.get(name, 0)) for name in ("gbraid", "wbraid"))
    older = "gbraid" if gbraid < wbraid else "wbraid"
    return {name: value for name, value in signals.items() if name != older}


def _landing(conversion: Conversion) -> LandingVisit | None:
    """The tracked visit, as it was; without the addresses that are no visitor's."""
    visit = conversion.visit
    if visit is None:
        return None
    kept = conversion.site.kept_query_parameters
    return LandingVisit(
        at=visit.visited_at,
        url=page_urls.reduced(visit.landing_page or visit.url, kept),
        referrer=page_urls.reduced(visit.referrer, kept),
        client_ip=visit.client_ip if is_of_a_person(visit.client_ip) else "",
        user_agent=visit.user_agent,
        country=visit.country,
    )
