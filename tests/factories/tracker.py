import uuid
from datetime import timedelta

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from tests.factories.leads import BotFactory, ChannelFactory, LeadFactory, SiteFactory
from tracker.choices import FallbackReason, Route
from tracker.models import BotChat, Invite, Join, TelegramUpdate, TrackingSession, UnattributableClick, Visit

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


class TrackingSessionFactory(DjangoModelFactory):
    class Meta:
        model = TrackingSession

    site = factory.SubFactory(SiteFactory)
    temp_id = factory.LazyFunction(uuid.uuid4)
    started_at = factory.LazyFunction(timezone.now)
    last_visit_at = factory.SelfAttribute("started_at")


class BotChatFactory(DjangoModelFactory):
    class Meta:
        model = BotChat

    bot = factory.SubFactory(BotFactory)
    telegram_chat_id = factory.Sequence(lambda n: -1_001_000_000_000 - n)
    title = "Found"
    seen_at = factory.LazyFunction(timezone.now)


class VisitFactory(DjangoModelFactory):
    class Meta:
        model = Visit

    class Params:
        from_meta = factory.Trait(fbc="fb.1.1700000000000.AbCdEf", fbp="fb.1.1700000000000.1234567890")
        from_google = factory.Trait(gclid="Cj0KCQ-gclid")
        from_tiktok = factory.Trait(ttclid="E.C.P.ttclid", ttp="ttp-cookie")
        from_snapchat = factory.Trait(sccid="sccid-click", sc_cookie1="scid-cookie")
        organic = factory.Trait(client_ip="", user_agent="")

    site = factory.SubFactory(SiteFactory)
    session = factory.SubFactory(
        TrackingSessionFactory,
        site=factory.SelfAttribute("..site"),
        temp_id=factory.SelfAttribute("..temp_id"),
    )
    temp_id = factory.LazyFunction(uuid.uuid4)
    visited_at = factory.LazyFunction(timezone.now)
    url = factory.LazyAttribute(lambda visit: f"https://{visit.site.domain}/landing")
    client_ip = "203.0.113.7"
    user_agent = FIREFOX


class InviteFactory(DjangoModelFactory):
    """A link waiting in its channel's pool."""

    class Meta:
        model = Invite

    class Params:
        given = factory.Trait(
            given_at=factory.LazyFunction(timezone.now),
            visit=factory.SubFactory(VisitFactory, site=factory.SelfAttribute("..channel.site")),
            temp_id=factory.SelfAttribute("visit.temp_id"),
        )
        used = factory.Trait(given=True, used_at=factory.LazyFunction(timezone.now))
        expired = factory.Trait(expires_at=factory.LazyFunction(lambda: timezone.now() - timedelta(hours=1)))

    channel = factory.SubFactory(ChannelFactory)
    link = factory.Sequence(lambda n: f"https://t.me/+invite{n}")
    created_at = factory.LazyFunction(timezone.now)
    expires_at = factory.LazyAttribute(lambda invite: invite.created_at + timedelta(days=7))


class JoinFactory(DjangoModelFactory):
    class Meta:
        model = Join

    class Params:
        left = factory.Trait(left_at=factory.LazyFunction(timezone.now))

    channel = factory.SubFactory(ChannelFactory)
    lead = factory.SubFactory(LeadFactory, site=factory.SelfAttribute("..channel.site"))
    route = Route.INVITE_LINK
    joined_at = factory.LazyFunction(timezone.now)


class UnattributableClickFactory(DjangoModelFactory):
    class Meta:
        model = UnattributableClick

    channel = factory.SubFactory(ChannelFactory)
    visit = factory.SubFactory(VisitFactory, site=factory.SelfAttribute("..channel.site"))
    reason = FallbackReason.POOL_EMPTY
    clicked_at = factory.LazyFunction(timezone.now)


class TelegramUpdateFactory(DjangoModelFactory):
    class Meta:
        model = TelegramUpdate

    bot = factory.SubFactory(BotFactory)
    update_id = factory.Sequence(lambda n: 10_000 + n)
    body = factory.LazyAttribute(lambda update: {"update_id": update.update_id})
    received_at = factory.LazyFunction(timezone.now)
