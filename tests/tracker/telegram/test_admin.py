"""What staff see of the way from click to join."""

import pytest
from django.test import Client
from django.utils import timezone

from conversions.models import Conversion
from tests.factories import InviteFactory, JoinFactory, UnattributableClickFactory, UserFactory, VisitFactory
from tests.tracker.telegram import recorded
from tracker.models import TelegramUpdate

pytestmark = pytest.mark.django_db


@pytest.fixture
def ops():
    client = Client()
    client.force_login(UserFactory(ops=True))
    return client


@pytest.mark.parametrize("page", ["visit", "invite", "join", "telegramupdate", "unattributableclick"])
def test_every_list_opens_and_offers_no_adding(ops, channel, bot, page) -> None:
    visit = VisitFactory(site=channel.site, from_meta=True)
    invite = InviteFactory(channel=channel, given=True, visit=visit)
    JoinFactory(channel=channel, invite=invite, visit=visit)
    TelegramUpdate.objects.create(bot=bot, update_id=1, body={}, received_at=timezone.now())
    UnattributableClickFactory(channel=channel, visit=visit)
    for query in ("", f"?visit__id__exact={visit.pk}&q={visit.pk}" if page in ("join", "invite") else f"?q={visit.pk}"):
        response = ops.get(f"/admin/tracker/{page}/{query}")
        assert response.status_code == 200
    row = response.context["cl"].model.objects.get()
    assert ops.get(f"/admin/tracker/{page}/{row.pk}/change/").status_code == 200
    assert ops.get(f"/admin/tracker/{page}/add/").status_code == 403


@pytest.mark.parametrize(("state", "count"), [("waiting", 1), ("given", 1), ("used", 1), ("revoked", 1), ("", 4)])
def test_invites_are_found_by_their_state(ops, channel, state, count) -> None:
    InviteFactory(channel=channel)
    InviteFactory(channel=channel, given=True)
    InviteFactory(channel=channel, used=True)
    InviteFactory(channel=channel, revoked_at=timezone.now())
    response = ops.get("/admin/tracker/invite/", {"state": state})
    assert response.context["cl"].result_count == count


def test_a_failed_update_is_tried_again_at_a_click(ops, channel, bot) -> None:
    row = TelegramUpdate.objects.create(
        bot=bot, update_id=1, body=recorded.join(), received_at=timezone.now(), failures=3, error="The disk was full."
    )
    chosen = {"action": "work_again", "_selected_action": [row.pk]}
    for _ in range(2):
        assert ops.post("/admin/tracker/telegramupdate/", chosen, follow=True).status_code == 200
    assert Conversion.objects.count() == 1


def test_a_visit_and_a_channel_lead_to_their_clicks_without_a_link_of_their_own(ops, channel) -> None:
    visit = VisitFactory(site=channel.site)
    UnattributableClickFactory(channel=channel, visit=visit)
    UnattributableClickFactory(channel=channel)
    for page, query, count in (
        (f"/admin/tracker/visit/{visit.pk}/change/", f"?visit__id__exact={visit.pk}", 1),
        (f"/admin/leads/channel/{channel.pk}/change/", f"?channel__id__exact={channel.pk}", 2),
    ):
        address = f"/admin/tracker/unattributableclick/{query}"
        assert address in ops.get(page).text
        assert ops.get(address).context["cl"].result_count == count
