"""Platforms get amounts rounded to their currency, and no other digit changes on the way."""

import json
import re

import pytest
from django.utils import timezone

from adtarget.core.http_messages import HttpAnswer
from dispatch import batches
from dispatch.models import Attempt
from tests.dispatch.test_delivery import SIGNALS
from tests.factories import ConversionFactory, PixelFactory, SendFactory

pytestmark = pytest.mark.django_db
SENT = re.compile(r'"value":([0-9.]+)')


@pytest.mark.parametrize(
    ("value", "currency", "sent"),
    [
        ("999999999999.9999", "CLF", "999999999999.9999"),
        ("900719925474.0993", "UYW", "900719925474.0993"),
        ("123456789012.3456", "KWD", "123456789012.346"),
        ("123456789012.3456", "USD", "123456789012.35"),
        ("999999999999.9999", "USD", "1000000000000"),
        ("999999999999.4999", "JPY", "999999999999"),
    ],
)
def test_the_request_and_its_record_hold_the_exact_amount(value: str, currency: str, sent: str) -> None:
    from decimal import Decimal

    pixel = PixelFactory()
    conversion = ConversionFactory(
        site=pixel.site, purchase=True, value=Decimal(value), currency=currency, api_visit_override=SIGNALS
    )
    SendFactory(conversion=conversion, pixel=pixel, due=True)
    bodies: list[str] = []

    def post(request):
        bodies.append(request.body.decode())
        return HttpAnswer(status=200, body=json.dumps({"events_received": 1}).encode())

    batches.deliver_sends(pixel.pk, post=post, clock=timezone.now)

    assert SENT.findall(bodies[0]) == [sent]
    assert str(Attempt.objects.get().request["custom_data"]["value"]) == sent
