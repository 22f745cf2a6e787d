import hashlib
from datetime import timedelta

import factory
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.utils import timezone
from factory.django import DjangoModelFactory

from conversions.choices import EventType
from leads.choices import KeyMode, Role
from leads.models import Account, ApiKey, AuditEntry, Bot, Channel, Invitation, Lead, Membership, Site

SECRET = "s" * 32


class UserFactory(DjangoModelFactory):
    """A person who logs in with the password `secret-word`."""

    class Meta:
        model = get_user_model()

    class Params:
        ops = factory.Trait(is_staff=True, is_superuser=True)

    username = factory.Sequence(lambda n: f"person{n}")
    password = factory.LazyFunction(lambda: make_password("secret-word"))


class AccountFactory(DjangoModelFactory):
    class Meta:
        model = Account

    name = factory.Sequence(lambda n: f"Account {n}")


class MembershipFactory(DjangoModelFactory):
    class Meta:
        model = Membership

    account = factory.SubFactory(AccountFactory)
    user = factory.SubFactory(UserFactory)
    role = Role.STAFF


class SiteFactory(DjangoModelFactory):
    class Meta:
        model = Site

    class Params:
        paused = factory.Trait(is_paused=True)

    account = factory.SubFactory(AccountFactory)
    domain = factory.Sequence(lambda n: f"site{n}.example")
    name = factory.LazyAttribute(lambda site: site.domain)


class BotFactory(DjangoModelFactory):
    class Meta:
        model = Bot

    account = factory.SubFactory(AccountFactory)
    username = factory.Sequence(lambda n: f"site{n}_bot")
    webhook_secret = "webhook-secret"

    @classmethod
    def _create(cls, model_class, *args, token="1:AA-bot-token", **values):
        bot = model_class(*args, **values)
        bot.set_token(token)
        bot.save()
        return bot


class ChannelFactory(DjangoModelFactory):
    class Meta:
        model = Channel

    class Params:
        inactive = factory.Trait(is_active=False)
        default = factory.Trait(is_default=True)
        with_bot = factory.Trait(bot=factory.SubFactory(BotFactory, account=factory.SelfAttribute("..site.account")))
        #: A join is a purchase whose value somebody enters later.
        asks_for_value = factory.Trait(event_type=EventType.PURCHASE, auto_fire=False)

    site = factory.SubFactory(SiteFactory)
    telegram_channel_id = factory.Sequence(lambda n: -1001000000000 - n)
    title = factory.Sequence(lambda n: f"Channel {n}")
    funnel_order = factory.Sequence(lambda n: n % 30_000)
    event_type = EventType.LEAD


class LeadFactory(DjangoModelFactory):
    class Meta:
        model = Lead

    site = factory.SubFactory(SiteFactory)
    telegram_user_id = factory.Sequence(lambda n: 700_000_000 + n)
    first_seen_at = factory.LazyFunction(timezone.now)
    last_seen_at = factory.SelfAttribute("first_seen_at")


class ApiKeyFactory(DjangoModelFactory):
    """A key whose token is `atk_<mode>_<prefix>_` and thirty-two times "s"."""

    class Meta:
        model = ApiKey

    class Params:
        revoked = factory.Trait(revoked_at=factory.LazyFunction(timezone.now))
        test = factory.Trait(mode=KeyMode.TEST)
        of_one_site = factory.Trait(
            site=factory.SubFactory(SiteFactory, account=factory.SelfAttribute("..account")),
        )

    account = factory.SubFactory(AccountFactory)
    name = "backend"
    mode = KeyMode.LIVE
    prefix = factory.Sequence(lambda n: f"{n:08d}")
    secret_sha256 = hashlib.sha256(SECRET.encode()).hexdigest()


class AuditEntryFactory(DjangoModelFactory):
    class Meta:
        model = AuditEntry

    account = factory.SubFactory(AccountFactory)
    actor = "ada"
    action = "provision"
    target = "everything"


class InvitationFactory(DjangoModelFactory):
    class Meta:
        model = Invitation

    account = factory.SubFactory(AccountFactory)
    who = factory.Sequence(lambda number: f"person-{number}@shop.example")
    role = Role.STAFF
    is_mailed = True
    token_sha256 = factory.Sequence(lambda number: f"{number:064x}")
    invited_by = "ada"
    expires_at = factory.LazyFunction(lambda: timezone.now() + timedelta(hours=24))
