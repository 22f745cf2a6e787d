import uuid
from datetime import timedelta

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from dispatch.choices import Outcome, Reason, SendStatus
from dispatch.models import Attempt, Pixel, Send
from tests.factories.conversions import ConversionFactory
from tests.factories.leads import SiteFactory


class PixelFactory(DjangoModelFactory):
    class Meta:
        model = Pixel

    class Params:
        tiktok = factory.Trait(platform="tiktok")
        snapchat = factory.Trait(platform="snapchat")
        google = factory.Trait(platform="google")
        inactive = factory.Trait(is_active=False)
        test = factory.Trait(options={"testPixel": True})
        paused = factory.Trait(
            paused_at=factory.LazyFunction(timezone.now), pause_code="190", pause_message="The token was refused."
        )
        breaker_open = factory.Trait(
            breaker_failures=10, breaker_until=factory.LazyFunction(lambda: timezone.now() + timedelta(minutes=1))
        )

    site = factory.SubFactory(SiteFactory)
    platform = "meta"
    pixel_id = factory.Sequence(lambda n: str(1_000_000_000 + n))

    @classmethod
    def _create(cls, model_class, *args, credential="EAA-platform-token", **values):
        pixel = model_class(*args, **values)
        pixel.set_credential(credential)
        pixel.save()
        return pixel


class SendFactory(DjangoModelFactory):
    """A send due now; the conversion is a cold Lead with Meta's signals unless given."""

    class Meta:
        model = Send

    class Params:
        due = factory.Trait(due_at=factory.LazyFunction(timezone.now))
        #: A retry which is not due for another hour.
        waiting = factory.Trait(due_at=factory.LazyFunction(lambda: timezone.now() + timedelta(hours=1)))
        overdue = factory.Trait(due_at=factory.LazyFunction(lambda: timezone.now() - timedelta(minutes=10)))
        #: In the hands of a worker whose lease has a minute left.
        claimed = factory.Trait(
            claim=factory.LazyFunction(uuid.uuid4),
            due_at=factory.LazyFunction(lambda: timezone.now() + timedelta(minutes=1)),
        )
        #: Its worker died: the lease is over.
        abandoned = factory.Trait(
            claim=factory.LazyFunction(uuid.uuid4),
            due_at=factory.LazyFunction(lambda: timezone.now() - timedelta(seconds=1)),
        )
        sent = factory.Trait(
            status=SendStatus.SENT, due_at=None, attempts=1, sent_at=factory.LazyFunction(timezone.now)
        )
        failed = factory.Trait(
            status=SendStatus.FAILED, due_at=None, attempts=1, reason=Reason.REJECTED, error_code="100"
        )
        skipped = factory.Trait(status=SendStatus.SKIPPED, due_at=None, reason=Reason.MISSING_USER_AGENT)

    conversion = factory.SubFactory(ConversionFactory, cold=True)
    pixel = factory.SubFactory(PixelFactory, site=factory.SelfAttribute("..conversion.site"))
    platform = factory.SelfAttribute("pixel.platform")
    due_at = factory.LazyFunction(timezone.now)
    created_at = factory.LazyFunction(timezone.now)


class AttemptFactory(DjangoModelFactory):
    class Meta:
        model = Attempt

    class Params:
        retried = factory.Trait(outcome=Outcome.RETRY, http_status=500, code="2")
        refused = factory.Trait(outcome=Outcome.REJECTED, http_status=400, code="100")

    send = factory.SubFactory(SendFactory)
    number = 1
    started_at = factory.LazyFunction(timezone.now)
    duration_ms = 120
    outcome = Outcome.ACCEPTED
    http_status = 200
