"""No secret stands in the database in clear, and upgrading converts what does, forward and backward."""

from typing import Any

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.test import Client
from django_otp.oath import totp

from adtarget.core import encryption
from adtarget.management.commands import reencrypt
from leads import second_step
from leads.models import AuthenticatorApp, Bot, RecoveryCodes
from tests.factories import BotFactory, UserFactory

BEFORE, AFTER = ("leads", "0007_site_consent_policy"), ("leads", "0010_drop_the_clear_webhook_secret")
SEED = "3132333435363738393031323334353637383930"
CODES = ["abcdefghjk", "mnpqrstuvw"]


def whole_database() -> str:
    """Every text in every table."""
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            found += [str(cell) for row in cursor.fetchall() for cell in row]
    return "\n".join(found)


@pytest.mark.promise("S16")
@pytest.mark.django_db
def test_neither_seed_nor_codes_nor_webhook_secret_are_stored() -> None:
    user, bot = UserFactory(username="ada"), BotFactory(webhook_secret="secret-of-a-webhook")
    app = second_step.begin(user)
    codes = second_step.confirm(app, f"{totp(app.seed(), drift=-1):06d}")
    stored = whole_database()

    assert bot.webhook_secret == "secret-of-a-webhook"
    assert len(codes) == 10
    secrets = [bot.webhook_secret, app.seed().hex(), *codes, *(code.replace("-", "") for code in codes)]
    assert [secret for secret in secrets if secret in stored] == []


@pytest.mark.django_db
def test_a_recovery_code_opens_once_of_its_hash() -> None:
    user = UserFactory(username="ada")
    app = second_step.begin(user)
    code, *others = second_step.confirm(app, f"{totp(app.seed(), drift=-1):06d}")

    assert second_step.check(user, code.upper())
    assert not second_step.check(user, code)
    assert second_step.recovery_codes_left(user) == 9


def test_reencrypt_knows_every_encrypted_column() -> None:
    encrypted = {
        (model, field.name)
        for model in apps.get_models()
        for field in model._meta.get_fields()
        if field.name.endswith("_encrypted")
    }
    assert set(reencrypt.COLUMNS) == encrypted


@pytest.mark.django_db
def test_a_webhook_secret_that_no_key_opens_lets_nobody_in(client: Client) -> None:
    bot = BotFactory()
    Bot.objects.update(webhook_secret_encrypted="not of our key")
    headers = {"X-Telegram-Bot-Api-Secret-Token": ""}
    assert client.post(bot.webhook_path, "{}", content_type="application/json", headers=headers).status_code == 401


@pytest.mark.django_db
def test_a_seed_that_no_key_opens_lets_nobody_in() -> None:
    user = UserFactory()
    AuthenticatorApp.objects.create(user=user, name="app", seed_encrypted="not of our key")
    assert not second_step.check(user, "123456")


# ------------------------------------------------------------------ upgrading
def migrate(target: tuple[str, str]) -> Any:
    """The models of the database as it is then."""
    MigrationExecutor(connection).migrate([target])
    otp = [("otp_totp", "0003_add_timestamps"), ("otp_static", "0003_add_timestamps")]
    return MigrationExecutor(connection).loader.project_state([target, *otp]).apps


def an_earlier_database() -> tuple[Any, Any, Any]:
    """With a bot, a person with an app and two codes left, and one who has only begun."""
    old = migrate(BEFORE)
    account = old.get_model("leads", "Account").objects.create(id="acc_1", name="Acme")
    bot = old.get_model("leads", "Bot").objects.create(
        id="bot_1", account=account, username="acme_bot", webhook_secret="clear-webhook-secret"
    )
    users = old.get_model("auth", "User").objects
    ada, bob = users.create(username="ada"), users.create(username="bob")
    devices = old.get_model("otp_totp", "TOTPDevice").objects
    devices.create(user=ada, name="app", key=SEED, confirmed=True, last_t=7, drift=1, throttling_failure_count=2)
    devices.create(user=bob, name="app", key=SEED[::-1], confirmed=False)
    static = old.get_model("otp_static", "StaticDevice").objects.create(user=ada, name="recovery codes")
    for code in CODES:
        old.get_model("otp_static", "StaticToken").objects.create(device=static, token=code)
    return bot, ada, bob


@pytest.fixture
def _latest_afterwards(transactional_db: None) -> Any:
    yield
    call_command("migrate", verbosity=0)


@pytest.mark.usefixtures("_latest_afterwards")
def test_an_upgrade_converts_what_stands_in_clear() -> None:
    bot, ada, bob = an_earlier_database()
    migrate(AFTER)
    call_command("migrate", verbosity=0)
    stored = whole_database()

    assert [secret for secret in ("clear-webhook-secret", SEED, SEED[::-1], *CODES) if secret in stored] == []
    assert Bot.objects.get(pk=bot.pk).webhook_secret == "clear-webhook-secret"
    app = AuthenticatorApp.objects.get(user=ada.pk)
    assert (app.seed().hex(), app.confirmed, app.last_step, app.drift) == (SEED, True, 7, 1)
    assert app.throttling_failure_count == 2
    assert not AuthenticatorApp.objects.get(user=bob.pk).confirmed
    kept = RecoveryCodes.objects.get(user=ada.pk)
    assert [kept.verify_token(code) for code in (*CODES, CODES[0])] == [True, True, False]


@pytest.mark.usefixtures("_latest_afterwards")
def test_a_downgrade_brings_back_all_but_the_codes() -> None:
    bot, ada, bob = an_earlier_database()
    migrate(AFTER)
    old = migrate(BEFORE)

    assert old.get_model("leads", "Bot").objects.get(pk=bot.pk).webhook_secret == "clear-webhook-secret"
    devices = old.get_model("otp_totp", "TOTPDevice").objects
    assert [(device.user_id, device.key, device.confirmed) for device in devices.order_by("user_id")] == [
        (ada.pk, SEED, True),
        (bob.pk, SEED[::-1], False),
    ]
    assert old.get_model("otp_static", "StaticToken").objects.count() == 0


@pytest.mark.usefixtures("_latest_afterwards")
def test_an_empty_webhook_secret_stays_empty() -> None:
    bot, *_ = an_earlier_database()
    type(bot).objects.update(webhook_secret="")
    migrate(AFTER)
    assert encryption.decrypt(Bot.objects.values_list("webhook_secret_encrypted", flat=True).get()) == ""
