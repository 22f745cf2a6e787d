"""Whatever is changed by hand leaves who, when, from where and what; never a secret."""

import pytest
from django.contrib.auth import get_user_model

from leads.choices import Role
from leads.models import AuditEntry, Bot, Channel, Membership, Site
from tests.factories import AccountFactory, BotFactory, ChannelFactory, MembershipFactory, SiteFactory, UserFactory

pytestmark = pytest.mark.django_db

SITE_FORM = {
    "domain": "acme.example",
    "name": "Acme",
    "allowed_domains": "",
    "consent_policy": "not_asked",
    "is_paused": "on",
    "duplicate_window_seconds": "86400",
    "purchase_duplicate_window_seconds": "600",
    "channels-TOTAL_FORMS": "0",
    "channels-INITIAL_FORMS": "0",
}


def entries() -> list[tuple[str, str]]:
    return list(AuditEntry.objects.order_by("pk").values_list("actor", "action"))


@pytest.mark.promise("S21")
def test_a_changed_site_is_kept_with_old_and_new_value(ops) -> None:
    site = SiteFactory(domain="acme.example", name="Acme")
    ops.post(f"/admin/leads/site/{site.pk}/change/", SITE_FORM)
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.action, entry.account, entry.client_ip) == (
        "ada",
        "site.change",
        site.account,
        "198.51.100.9",
    )
    assert entry.details == {"fields": {"is_paused": [False, True]}}


def test_a_role_given_in_the_account_is_kept(ops) -> None:
    account, person = AccountFactory(), UserFactory()
    inline = {"memberships-TOTAL_FORMS": "1", "memberships-INITIAL_FORMS": "0"}
    inline |= {"memberships-0-user": person.pk, "memberships-0-role": Role.MANAGER}
    ops.post(f"/admin/leads/account/{account.pk}/change/", {"name": account.name, **inline})
    assert Membership.objects.get().role == Role.MANAGER
    assert entries() == [("ada", "membership.set")]


def test_a_deleted_membership_is_kept(ops) -> None:
    membership = MembershipFactory()
    form = {"action": "delete_selected", "_selected_action": membership.pk, "post": "yes"}
    ops.post("/admin/leads/membership/", form)
    assert not Membership.objects.exists()
    assert entries() == [("ada", "membership.delete")]


def test_a_new_user_and_a_new_password_are_kept_without_the_password(ops) -> None:
    words = {"password1": "correct-horse-9", "password2": "correct-horse-9", "usable_password": "true"}
    ops.post("/admin/auth/user/add/", {"username": "grace", **words})
    grace = get_user_model().objects.get(username="grace")
    ops.post(f"/admin/auth/user/{grace.pk}/password/", words)
    assert entries() == [("ada", "user.create"), ("ada", "user.password")]
    assert "correct-horse-9" not in str(list(AuditEntry.objects.values()))


def test_a_bots_token_is_kept_encrypted_never_shown_and_its_change_is_kept(ops) -> None:
    form = {"account": AccountFactory().pk, "username": "@acme_bot", "new_token": "123456:AAE-secret-token"}
    ops.post("/admin/leads/bot/add/", form)
    bot = Bot.objects.get()
    assert (bot.username, bot.token()) == ("acme_bot", "123456:AAE-secret-token")
    assert bot.webhook_secret
    page = ops.get(f"/admin/leads/bot/{bot.pk}/change/").content.decode()
    assert "AAE-secret-token" not in page + str(list(AuditEntry.objects.values()))
    assert bot.webhook_secret not in page


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"event_type": "Purchase", "auto_fire": "on"}, "value"),
        ({"event_type": "Custom"}, "custom_event_name"),
        ({"event_type": "Lead", "value": "5"}, "currency"),
        ({"event_type": "Lead", "value": "5", "currency": "XXX"}, "currency"),
    ],
)
def test_a_channel_whose_joins_could_not_be_recorded_is_refused(ops, given, field) -> None:
    channel = ChannelFactory()
    form = {"telegram_channel_id": channel.telegram_channel_id, "title": "VIP", "funnel_order": "0", "stay_hours": "0"}
    answer = ops.post(f"/admin/leads/channel/{channel.pk}/change/", form | given)
    assert field in answer.context["adminform"].form.errors
    assert Channel.objects.get().title == channel.title


def test_a_channel_takes_only_a_bot_of_its_account(ops) -> None:
    channel = ChannelFactory()
    form = {
        "telegram_channel_id": "-1001",
        "title": "VIP",
        "funnel_order": "0",
        "stay_hours": "0",
        "event_type": "Lead",
    }
    address = f"/admin/leads/channel/{channel.pk}/change/"
    assert "bot" in ops.post(address, form | {"bot": BotFactory().pk}).context["adminform"].form.errors
    ours = BotFactory(account=channel.site.account)
    assert ops.post(address, form | {"bot": ours.pk}).status_code == 302


def test_a_new_default_channel_takes_the_place_of_the_one_before(ops) -> None:
    before = ChannelFactory(default=True)
    channel = ChannelFactory(site=before.site)
    form = {"telegram_channel_id": "-1001", "title": "VIP", "funnel_order": "0", "stay_hours": "24", "is_default": "on"}
    assert ops.post(f"/admin/leads/channel/{channel.pk}/change/", form).status_code == 302
    assert ops.post("/admin/leads/channel/add/", form | {"site": before.site.pk, "telegram_channel_id": "-1002"})
    assert Channel.objects.get(is_default=True).telegram_channel_id == -1002
    channel.refresh_from_db()
    assert (channel.stay_hours, channel.title) == (24, "VIP")


@pytest.mark.parametrize("domain", ["acme example", "", "a..b"])
def test_a_sites_domain_is_a_bare_host_name(ops, domain) -> None:
    site = SiteFactory()
    answer = ops.post(f"/admin/leads/site/{site.pk}/change/", SITE_FORM | {"domain": domain})
    assert "domain" in answer.context["adminform"].form.errors
    assert Site.objects.get().domain == site.domain


def test_further_domains_are_kept_as_a_list(ops) -> None:
    site = SiteFactory(domain="acme.example", name="Acme", is_paused=True)
    given = SITE_FORM | {"allowed_domains": "shop.example\r\nhttps://www.acme.example/page"}
    ops.post(f"/admin/leads/site/{site.pk}/change/", given)
    assert Site.objects.get().allowed_domains == ["shop.example", "www.acme.example"]


def test_unchanged_further_domains_are_no_change(ops) -> None:
    site = SiteFactory(domain="acme.example", name="Acme", is_paused=True, allowed_domains=["a.example", "b.example"])
    ops.post(f"/admin/leads/site/{site.pk}/change/", SITE_FORM | {"allowed_domains": "a.example\r\nb.example"})
    assert not AuditEntry.objects.exists()
