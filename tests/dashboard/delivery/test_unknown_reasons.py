"""A reason that this release does not know, as a platform or a newer release may have written it."""

import pytest
from django.test import Client

from dispatch.choices import SendStatus
from dispatch.models import Send
from leads.models import Channel
from tests.factories import AttemptFactory, ConversionFactory, PixelFactory, UserFactory


@pytest.fixture
def send(channel: Channel) -> Send:
    conversion = ConversionFactory(channel=channel)
    send = AttemptFactory(send__conversion=conversion, send__pixel=PixelFactory(site=channel.site)).send
    Send.objects.filter(pk=send.pk).update(status=SendStatus.FAILED, reason="from_the_future", due_at=None)
    return Send.objects.get(pk=send.pk)


PAGES = ["delivery/", "delivery/{pk}/", "conversions/", "conversions/{conversion_id}/", "overview/", "leads/{lead}/"]


@pytest.mark.parametrize("page", PAGES)
def test_a_page_survives_an_unknown_reason(viewer: Client, home: str, send: Send, page: str) -> None:
    names = {"pk": send.pk, "conversion_id": send.conversion_id, "lead": send.conversion.lead_id}
    assert viewer.get(home + page.format(**names)).status_code == 200


def test_the_page_names_an_unknown_reason(viewer: Client, home: str, send: Send) -> None:
    assert "from_the_future" in viewer.get(f"{home}delivery/{send.pk}/").text


@pytest.mark.parametrize("page", ["send/", "send/{pk}/change/"])
def test_the_admin_survives_an_unknown_reason(client: Client, send: Send, page: str) -> None:
    client.force_login(UserFactory(ops=True))
    assert client.get("/admin/dispatch/" + page.format(pk=send.pk)).status_code == 200


def test_the_setup_survives_an_unknown_reason(owner: Client, home: str, send: Send) -> None:
    site = send.conversion.site_id
    assert owner.get(f"{home}set-up/sites/{site}/key/event/").status_code == 200
