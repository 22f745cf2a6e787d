from datetime import timedelta

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from adtarget.alerts.choices import AlertKind, Occasion, Route
from adtarget.alerts.models import Alert, AlertSettings, Notice
from tests.factories.leads import AccountFactory, BotFactory


class AlertSettingsFactory(DjangoModelFactory):
    class Meta:
        model = AlertSettings

    class Params:
        by_telegram = factory.Trait(
            telegram_bot=factory.SubFactory(BotFactory, account=factory.SelfAttribute("..account")),
            telegram_chat_id=-1009876543210,
        )

    account = factory.SubFactory(AccountFactory)
    emails = ["ops@acme.example"]


class AlertFactory(DjangoModelFactory):
    class Meta:
        model = Alert

    class Params:
        over = factory.Trait(resolved_at=factory.LazyFunction(timezone.now))

    account = factory.SubFactory(AccountFactory)
    kind = AlertKind.PIXEL_PAUSED
    subject = factory.Sequence(lambda n: f"pix_{n}")
    text = "Meta 1234567890 of acme.example is paused (190). Its events wait."
    opened_at = factory.LazyFunction(lambda: timezone.now() - timedelta(minutes=5))
    told_at = factory.SelfAttribute("opened_at")


class NoticeFactory(DjangoModelFactory):
    class Meta:
        model = Notice

    alert = factory.SubFactory(AlertFactory)
    occasion = Occasion.OPENED
    route = Route.EMAIL
    due_at = factory.LazyFunction(timezone.now)
    created_at = factory.LazyFunction(timezone.now)
