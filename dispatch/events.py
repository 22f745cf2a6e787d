"""From a conversion's row to what the platforms are told."""

from adtarget.core import page_urls
from conversions.choices import EventType
from conversions.hashing import external_id, sha256
from conversions.identifiers import effective_signals, is_of_a_person
from conversions.inheritance import effective_pii
from conversions.models import Conversion
from dispatch.platforms.facts import OutgoingEvent


def outgoing_event(conversion: Conversion) -> OutgoingEvent:
    """The conversion as a platform sees it; reads `visit` and `site` of the row, nothing else."""
    signals = effective_signals(conversion)
    address = signals.pop("client_ip", "")
    kept = conversion.site.kept_query_parameters
    url = page_urls.reduced(signals.pop("event_source_url", ""), kept) or f"https://{conversion.site.domain}/"
    referrer = page_urls.reduced(signals.pop("referrer", ""), kept)
    return OutgoingEvent(
        event_id=conversion.event_id,
        event_type=EventType(conversion.event_type),
        custom_name=conversion.custom_event_name,
        occurred_at=conversion.event_time,
        event_source_url=url,
        referrer=referrer,
        value=conversion.value,
        currency=conversion.currency,
        content_name=conversion.content_name,
        order_id=conversion.order_id,
        external_id=sha256(external_id(conversion.external_user_id)),
        person_id=sha256(str(conversion.telegram_user_id)),
        client_ip=address if is_of_a_person(address) else "",
        is_test=conversion.is_test,
        **signals,
        **effective_pii(conversion),
    )
