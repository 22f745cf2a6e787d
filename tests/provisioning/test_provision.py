"""`manage.py provision`, with every field of its document."""

import copy
import io
import json
import re
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.utils import timezone

from adtarget import provisioning
from leads import api_keys
from leads.models import Account, ApiKey, AuditEntry, Bot, Channel, Membership, Site
from tests.factories import ConversionFactory, PixelFactory, SendFactory

pytestmark = pytest.mark.django_db

DOCUMENT = {
    "account": {"name": "Acme"},
    "users": [{"username": "ada", "password": "swordfish", "role": "staff"}],
    "bots": [{"username": "acme_bot", "token": "1:AA-token"}],
    "sites": [
        {
            "domain": "acme.example",
            "name": "Acme",
            "allowedDomains": [],
            "keepParameters": ["plan"],
            "pixels": [
                {
                    "platform": "meta",
                    "pixelId": "1234567890",
                    "accessToken": "EAA-first",
                    "testEventCode": None,
                    "options": {},
                }
            ],
            "channels": [
                {
                    "telegramChannelId": "-1001234567890",
                    "title": "VIP",
                    "username": None,
                    "funnelOrder": 0,
                    "default": True,
                    "bot": "acme_bot",
                    "inviteLink": "https://t.me/+fallback",
                    "eventType": "Lead",
                    "customEventName": None,
                    "value": None,
                    "currency": None,
                    "autoFire": True,
                }
            ],
        }
    ],
    "apiKeys": [{"name": "backend", "site": None, "mode": "live"}],
}


def document(path: str = "", value: Any = None) -> Any:
    """The full document, with one place such as `sites.0.domain` changed."""
    changed = copy.deepcopy(DOCUMENT)
    if path:
        *way, last = [int(step) if step.isdigit() else step for step in path.split(".")]
        place: Any = changed
        for step in way:
            place = place[step]
        if isinstance(place, list) and last == len(place):
            place.append(value)
        else:
            place[last] = value
    return changed


def provision(path: str = "", value: Any = None) -> dict[str, Any]:
    return provisioning.provision(document(path, value), now=timezone.now(), actor="test")


def test_a_document_is_answered_with_its_ids() -> None:
    answer = provision()

    site, bot, channel = Site.objects.get(), Bot.objects.get(), Channel.objects.get()
    pixel = site.pixels.get()
    assert answer["accountId"] == Account.objects.get().pk
    assert answer["sites"] == [
        {
            "siteId": site.pk,
            "websiteId": site.website_id,
            "domain": "acme.example",
            "pixels": [{"platform": "meta", "pixelId": "1234567890", "id": pixel.pk}],
            "channels": [{"channelId": channel.pk, "telegramChannelId": "-1001234567890"}],
        }
    ]
    assert answer["bots"] == [
        {
            "botId": bot.pk,
            "username": "acme_bot",
            "webhookPath": f"/telegram/webhook/{bot.pk}",
            "webhookSecret": bot.webhook_secret,
        }
    ]
    assert set(answer["apiKeys"][0]) == {"name", "prefix", "token"}


def test_the_printed_token_opens_the_api() -> None:
    token = provision()["apiKeys"][0]["token"]

    assert api_keys.verify(token).name == "backend"


def test_every_named_field_lands_where_it_belongs() -> None:
    provision()

    channel = Channel.objects.get()
    assert (channel.title, channel.funnel_order, channel.is_default, channel.auto_fire) == ("VIP", 0, True, True)
    assert (channel.bot, channel.invite_link, channel.event_type) == (
        Bot.objects.get(),
        "https://t.me/+fallback",
        "Lead",
    )
    assert channel.site.pixels.get().credential() == "EAA-first"
    assert Bot.objects.get().token() == "1:AA-token"


def test_a_channel_may_ask_before_letting_in_and_want_a_stay() -> None:
    settings = {"usesJoinRequests": True, "autoApprove": False, "stayHours": 24}
    provision("sites.0.channels.0", {"telegramChannelId": "-1001234567890", **settings})
    channel = Channel.objects.get()
    assert (channel.uses_join_requests, channel.auto_approve, channel.stay_hours) == (True, False, 24)
    provision()  # which names none of them
    channel.refresh_from_db()
    assert (channel.uses_join_requests, channel.auto_approve, channel.stay_hours) == (True, False, 24)


def test_a_second_run_changes_nothing_and_tells_no_token() -> None:
    first = provision()
    key = first["apiKeys"][0]

    second = provision()

    assert second == first | {"apiKeys": [{"name": key["name"], "prefix": key["prefix"]}]}
    assert AuditEntry.objects.latest("pk").details == {
        "created": [],
        "updated": [],
        "resumed": [],
    }


def test_what_is_absent_stays_and_nothing_is_deleted() -> None:
    provision()
    lean = {"account": {"name": "Acme"}, "sites": [{"domain": "acme.example", "name": "Renamed"}]}

    provisioning.provision(lean, now=timezone.now(), actor="test")

    site = Site.objects.get()
    assert site.name == "Renamed"
    assert (site.pixels.count(), site.channels.count(), ApiKey.objects.active().count()) == (1, 1, 1)
    assert Channel.objects.get().title == "VIP"


def test_an_absent_field_of_a_named_row_stays() -> None:
    provision()

    provision("sites.0.channels", [{"telegramChannelId": "-1001234567890", "funnelOrder": 3}])

    channel = Channel.objects.get()
    assert (channel.funnel_order, channel.title, channel.event_type) == (3, "VIP", "Lead")


def test_null_clears_a_text_but_never_a_secret() -> None:
    provision("sites.0.pixels.0.testEventCode", "TEST1")

    again = document("sites.0.pixels.0.accessToken", None)
    again["bots"][0]["token"] = None
    provisioning.provision(again, now=timezone.now(), actor="test")

    pixel = Site.objects.get().pixels.get()
    assert (pixel.test_event_code, pixel.credential()) == ("", "EAA-first")
    assert Bot.objects.get().token() == "1:AA-token"


def test_the_webhook_secret_is_made_once_of_characters_telegram_takes() -> None:
    before = provision()["bots"][0]["webhookSecret"]

    after = provision("bots.0.token", "1:BB-renewed")["bots"][0]["webhookSecret"]

    assert Bot.objects.get().token() == "1:BB-renewed"
    assert after == before
    assert len(before) >= 32
    assert before.replace("-", "").replace("_", "").isalnum()
    assert before.isascii()


# ------------------------------------------------------------------ a pixel's credential
def paused_pixel_with_a_waiting_send() -> Any:
    provision()
    pixel = Site.objects.get().pixels.get()
    pixel.paused_at, pixel.pause_code, pixel.pause_message = timezone.now(), "190", "refused"
    pixel.save()
    SendFactory(waiting=True, pixel=pixel, conversion=ConversionFactory(channel=Channel.objects.get()))
    return pixel


def test_a_new_access_token_resumes_a_paused_pixel_and_its_sends_are_due_now() -> None:
    pixel = paused_pixel_with_a_waiting_send()

    provision("sites.0.pixels.0.accessToken", "EAA-mended")

    pixel.refresh_from_db()
    assert (pixel.paused_at, pixel.pause_code, pixel.credential()) == (None, "", "EAA-mended")
    assert pixel.sends.due(timezone.now()).count() == 1


def test_a_new_access_token_is_kept_for_a_pixel_that_was_not_paused() -> None:
    provision()

    provision("sites.0.pixels.0.accessToken", "EAA-renewed")

    assert Site.objects.get().pixels.get().credential() == "EAA-renewed"


def test_the_same_access_token_leaves_a_paused_pixel_paused() -> None:
    pixel = paused_pixel_with_a_waiting_send()

    provision()

    pixel.refresh_from_db()
    assert pixel.paused_at is not None
    assert pixel.sends.due(timezone.now()).count() == 0


def test_a_resumed_pixels_claimed_and_ended_sends_are_left_alone() -> None:
    pixel = paused_pixel_with_a_waiting_send()
    conversions = [ConversionFactory(channel=Channel.objects.get()) for _ in range(2)]
    claimed = SendFactory(claimed=True, pixel=pixel, conversion=conversions[0])
    sent = SendFactory(sent=True, pixel=pixel, conversion=conversions[1])

    provision("sites.0.pixels.0.accessToken", "EAA-mended")

    due_before, claim = claimed.due_at, claimed.claim
    claimed.refresh_from_db()
    sent.refresh_from_db()
    assert (claimed.due_at, claimed.claim, sent.due_at) == (due_before, claim, None)


@pytest.mark.parametrize(
    "credentials",
    [
        {"clientId": "id", "clientSecret": "hidden-secret", "refreshToken": "hidden-refresh"},
        {"type": "service_account", "client_email": "a@b.example", "private_key": "hidden-key"},
    ],
)
def test_googles_credentials_are_kept_encrypted_and_not_among_the_options(credentials: dict[str, str]) -> None:
    options = {"credentials": credentials, "conversionActions": {"Lead": 77}}

    provision("sites.0.pixels.0", {"platform": "google", "pixelId": "1112223333", "options": options})

    pixel = Site.objects.get().pixels.get(platform="google")
    assert pixel.options == {"conversionActions": {"Lead": "77"}}
    assert json.loads(pixel.credential()) == credentials
    assert "hidden" not in pixel.credential_encrypted


def test_new_google_credentials_resume_a_paused_pixel() -> None:
    oauth = {"clientId": "id", "clientSecret": "secret", "refreshToken": "first"}
    google = {"platform": "google", "pixelId": "1112223333", "options": {"credentials": oauth}}
    provision("sites.0.pixels.0", google)
    pixel = Site.objects.get().pixels.get()
    pixel.paused_at = timezone.now()
    pixel.save()

    provision("sites.0.pixels.0", google | {"options": {"credentials": oauth | {"refreshToken": "second"}}})

    pixel.refresh_from_db()
    assert pixel.paused_at is None


def test_a_pixels_phone_region_serves_its_site_unless_the_site_has_one() -> None:
    provision("sites.0.pixels.0.options", {"defaultPhoneRegion": "de"})
    assert Site.objects.get().default_phone_region == "DE"

    changed = document("sites.0.pixels.0.options", {"defaultPhoneRegion": "FR"})
    changed["sites"][0]["defaultPhoneRegion"] = "AT"
    provisioning.provision(changed, now=timezone.now(), actor="test")
    assert Site.objects.get().default_phone_region == "AT"


@pytest.mark.parametrize("policy", ["not_asked", "required", "as_told"])
def test_a_sites_consent_is_set(policy: str) -> None:
    provision("sites.0.consent", policy)
    assert Site.objects.get().consent_policy == policy


def test_an_unknown_consent_is_refused() -> None:
    with pytest.raises(provisioning.WrongField, match="consent"):
        provision("sites.0.consent", "perhaps")


# ------------------------------------------------------------------ people, keys, channels
@pytest.mark.parametrize(
    ("role", "membership", "may_use_admin"),
    [
        ("owner", "owner", False),
        ("manager", "manager", False),
        ("staff", "staff", False),
        ("viewer", "viewer", False),
        ("ops", "owner", True),
    ],
)
def test_a_role_becomes_a_membership_and_only_ops_opens_the_admin(
    role: str, membership: str, may_use_admin: bool
) -> None:
    provision("users.0.role", role)

    user = get_user_model().objects.get(username="ada")
    assert Membership.objects.get(user=user).role == membership
    assert (user.is_staff, user.is_superuser) == (may_use_admin, may_use_admin)
    assert user.check_password("swordfish")


def test_a_password_is_changed_when_it_differs_and_untouched_when_not() -> None:
    provision()
    before = get_user_model().objects.get().password

    provision()
    assert get_user_model().objects.get().password == before

    provision("users.0.password", "new-word")
    assert get_user_model().objects.get().check_password("new-word")


def test_a_revoked_key_named_again_gets_a_successor() -> None:
    first = provision()["apiKeys"][0]
    api_keys.revoke(ApiKey.objects.get(), now=timezone.now())

    second = provision()["apiKeys"][0]

    assert second["token"] != first["token"]
    assert ApiKey.objects.get(prefix=first["prefix"]).revoked_at is not None


def test_a_key_may_be_limited_to_one_site_and_to_tests() -> None:
    provision("apiKeys.0", {"name": "legacy", "site": "acme.example", "mode": "test"})

    key = ApiKey.objects.get()
    assert (key.site, key.mode) == (Site.objects.get(), "test")


def test_another_default_channel_takes_over() -> None:
    provision()

    provision("sites.0.channels", [{"telegramChannelId": -100777, "title": "New", "default": True}])

    assert Channel.objects.get(is_default=True).title == "New"
    assert Channel.objects.count() == 2


# ------------------------------------------------------------------ what is wrong is told by its place
@pytest.mark.parametrize(
    ("path", "value", "complaint"),
    [
        ("account", None, "account: is required."),
        ("account", [], "account: must be an object."),
        ("account.name", "", "account.name: is required."),
        ("account.name", 7, "account.name: must be a string."),
        ("account.name", "x" * 201, "account.name: must have at most 200 characters."),
        ("account.name", "A\x00", "account.name: must not hold NUL characters."),
        ("users", {}, "users: must be a list."),
        ("users.0.role", "boss", "users[0].role: must be one of owner, manager, staff, viewer, ops."),
        ("users.0.password", None, "users[0].password: is required."),
        ("bots.0.token", None, "bots[0].token: is required."),
        ("sites.0.domain", "https://acme.example/", "sites[0].domain: must be a bare host name"),
        ("sites.0.allowedDomains.0", "a b", "sites[0].allowedDomains[0]: must be a bare host name"),
        ("sites.0.keepParameters", ["a b"], "sites[0].keepParameters[0]: must be the name of a query"),
        ("sites.0.pixels.0.platform", "myspace", "sites[0].pixels[0].platform: must be one of meta,"),
        ("sites.0.pixels.0.pixelId", "1/../2", "sites[0].pixels[0].pixelId: must hold letters"),
        ("sites.0.pixels.0.accessToken", None, "sites[0].pixels[0].accessToken: is required."),
        ("sites.0.pixels.0.options", [], "sites[0].pixels[0].options: must be an object."),
        ("sites.0.pixels.0.options", {"testPixel": "yes"}, "sites[0].pixels[0].options.testPixel: must be true or"),
        ("sites.0.pixels.0.options", {"eventNames": {"Lead": 1}}, "options.eventNames.Lead: must be a string."),
        (
            "sites.0.pixels.0",
            {"platform": "google", "pixelId": "1", "options": {"credentials": {"clientId": "x"}}},
            "sites[0].pixels[0].options.credentials: must be a service-account key",
        ),
        ("sites.0.channels.0.furtherBots", ["other_bot"], "furtherBots[0]: is not a bot of this account"),
        ("sites.0.channels.0.telegramChannelId", "abc", "sites[0].channels[0].telegramChannelId: must be a whole"),
        ("sites.0.channels.0.telegramChannelId", 2**70, "telegramChannelId: must be between"),
        ("sites.0.channels.0.funnelOrder", True, "sites[0].channels[0].funnelOrder: must be a whole number."),
        (
            "sites.0.channels.0.inviteLink",
            "https://evil.example/",
            "channels[0].inviteLink: must be a link of Telegram's",
        ),
        ("sites.0.channels.0.eventType", "Leed", "sites[0].channels[0].eventType: must be one of Lead,"),
        (
            "sites.0.channels.0.eventType",
            "Custom",
            "sites[0].channels[0].customEventName: A Custom event needs a name.",
        ),
        (
            "sites.0.channels.0.eventType",
            "Purchase",
            "sites[0].channels[0].value: A Purchase with auto-fire needs a value",
        ),
        ("sites.0.channels.0.value", 5, "sites[0].channels[0].currency: Value and currency come together."),
        ("sites.0.channels.0.value", -1, "sites[0].channels[0].value: value must be greater than 0"),
        ("sites.0.channels.0.currency", "ZZZ", "sites[0].channels[0].currency: currency must be an active"),
        ("sites.0.channels.0.stayHours", -1, "sites[0].channels[0].stayHours: must be between 0 and 720."),
        ("sites.0.channels.0.autoApprove", "no", "sites[0].channels[0].autoApprove: must be true or false."),
        ("sites.0.channels.0.bot", "other_bot", "sites[0].channels[0].bot: is not a bot of this account"),
        (
            "sites.0.channels.1",
            {"telegramChannelId": -100777, "default": True},
            "sites[0].channels[1].default: a site has one default channel.",
        ),
        ("apiKeys.0.site", "other.example", "apiKeys[0].site: is not a site of this account"),
        ("apiKeys.0.mode", "dead", "apiKeys[0].mode: must be one of live, test."),
    ],
)
def test_a_wrong_field_is_told_by_its_place_and_nothing_changes(path: str, value: Any, complaint: str) -> None:
    with pytest.raises(provisioning.WrongField, match=re.escape(complaint)):
        provision(path, value)

    assert not Account.objects.exists()
    assert not get_user_model().objects.exists()


def test_the_sixth_active_key_is_refused() -> None:
    with pytest.raises(provisioning.WrongField, match=r"apiKeys\[5\]: There are 5 active keys"):
        provision("apiKeys", [{"name": f"key {n}"} for n in range(6)])


def test_another_accounts_bot_and_site_are_unknown() -> None:
    PixelFactory(site__domain="stranger.example")

    with pytest.raises(provisioning.WrongField, match=r"apiKeys\[0\].site"):
        provision("apiKeys.0.site", "stranger.example")


def test_the_audit_entry_names_what_was_done_and_no_secret() -> None:
    token = provision()["apiKeys"][0]["token"]

    entry = AuditEntry.objects.get()
    told = json.dumps(entry.details)
    assert (entry.action, entry.actor, entry.account) == ("provision", "test", Account.objects.get())
    assert "pixel Meta 1234567890" in told
    assert not any(secret in told for secret in ("EAA-first", "swordfish", "1:AA-token", token))


# ------------------------------------------------------------------ the command
def run_command(file: str) -> Any:
    output = io.StringIO()
    call_command("provision", file, stdout=output, skip_checks=True)
    return json.loads(output.getvalue())


def test_the_command_reads_a_file_and_prints_json(tmp_path) -> None:
    file = tmp_path / "acme.json"
    file.write_text(json.dumps(DOCUMENT))

    assert run_command(str(file))["accountId"] == Account.objects.get().pk


def test_the_command_reads_standard_input(monkeypatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(json.dumps(DOCUMENT).encode())))

    assert run_command("-")["accountId"] == Account.objects.get().pk


@pytest.mark.parametrize(
    ("content", "complaint"),
    [("{", "is not JSON"), ("[]", "document: must be an object."), ('{"account": 1}', "account: must be an object.")],
)
def test_a_wrong_document_ends_the_command_with_one_sentence(tmp_path, content: str, complaint: str) -> None:
    file = tmp_path / "wrong.json"
    file.write_text(content)

    with pytest.raises(CommandError, match=complaint):
        run_command(str(file))


def test_a_missing_file_ends_the_command_with_one_sentence() -> None:
    with pytest.raises(CommandError, match="Cannot read /nowhere: No such file or directory"):
        run_command("/nowhere")


def test_a_misspelt_field_is_told_and_ignored(caplog) -> None:
    provision("sites.0.domian", "acme.example")

    assert "sites[0].domian" in caplog.text
