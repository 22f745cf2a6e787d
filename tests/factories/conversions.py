from decimal import Decimal

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from conversions.choices import EventType, Source
from conversions.models import Conversion, IdempotencyRecord
from tests.factories.leads import ApiKeyFactory, ChannelFactory, LeadFactory
from tests.factories.tracker import FIREFOX, VisitFactory

COLD_SIGNALS = {
    "fbc": "fb.1.1700000000000.AbCdEf",
    "fbp": "fb.1.1700000000000.1234567890",
    "client_ip": "203.0.113.7",
    "user_agent": FIREFOX,
}


class ConversionFactory(DjangoModelFactory):
    """A Lead event that came in over the API; `channel` decides site and account."""

    class Meta:
        model = Conversion

    class Params:
        purchase = factory.Trait(event_type=EventType.PURCHASE, value=Decimal("49.9"), currency="EUR")
        custom = factory.Trait(event_type=EventType.CUSTOM, custom_event_name="Upgrade")
        awaiting_value = factory.Trait(event_type=EventType.PURCHASE, awaiting_manual_input=True, source=Source.TRACKER)
        cold = factory.Trait(is_cold=True, api_visit_override=COLD_SIGNALS)
        warm = factory.Trait(
            source=Source.TRACKER,
            visit=factory.SubFactory(VisitFactory, from_meta=True, site=factory.SelfAttribute("..site")),
            session=factory.SelfAttribute("visit.session"),
        )
        organic = factory.Trait(source=Source.WEBHOOK)
        test = factory.Trait(is_test=True)

    channel = factory.SubFactory(ChannelFactory)
    site = factory.SelfAttribute("channel.site")
    account = factory.SelfAttribute("site.account")
    lead = factory.SubFactory(LeadFactory, site=factory.SelfAttribute("..site"))
    telegram_user_id = factory.SelfAttribute("lead.telegram_user_id")
    source = Source.API
    event_type = EventType.LEAD
    event_time = factory.LazyFunction(timezone.now)
    attributed_at = factory.SelfAttribute("event_time")


class IdempotencyRecordFactory(DjangoModelFactory):
    class Meta:
        model = IdempotencyRecord

    api_key = factory.SubFactory(ApiKeyFactory)
    key = factory.Sequence(lambda n: f"request-{n}")
    request_sha256 = "0" * 64
    status = 200
    body = "{}"
    created_at = factory.LazyFunction(timezone.now)
