"""Encrypts authenticator seeds and Telegram's webhook secrets, hashes recovery codes.

Backward they come back in clear, but for recovery codes: a hash has no way back. People then sign in with their
app and make new codes.
"""

import hashlib
import secrets

from django.db import migrations

from adtarget.core import encryption

HASH_ROUNDS = 100_000


def encrypt(apps, schema_editor):
    _each(apps, "leads", "Bot", lambda bot: _set(bot, webhook_secret_encrypted=encryption.encrypt(bot.webhook_secret)))
    make_app = apps.get_model("leads", "AuthenticatorApp").objects.create
    _each(apps, "otp_totp", "TOTPDevice", lambda device: _encrypt_device(device, make_app))
    make_codes = apps.get_model("leads", "RecoveryCodes").objects.create
    tokens = apps.get_model("otp_static", "StaticToken").objects
    _each(apps, "otp_static", "StaticDevice", lambda device: _hash_device(device, tokens, make_codes))


def decrypt(apps, schema_editor):
    _each(apps, "leads", "Bot", lambda bot: _set(bot, webhook_secret=encryption.decrypt(bot.webhook_secret_encrypted)))
    make_device = apps.get_model("otp_totp", "TOTPDevice").objects.create
    _each(apps, "leads", "AuthenticatorApp", lambda app: _decrypt_app(app, make_device))
    make_static = apps.get_model("otp_static", "StaticDevice").objects.create
    _each(apps, "leads", "RecoveryCodes", lambda codes: _drop_codes(codes, make_static))


def _each(apps, label, name, convert):
    for row in apps.get_model(label, name).objects.order_by("pk").iterator():
        convert(row)


def _set(row, **columns):
    type(row).objects.filter(pk=row.pk).update(**columns)


def _encrypt_device(device, make):
    make(
        user_id=device.user_id,
        name=device.name,
        confirmed=device.confirmed,
        throttling_failure_timestamp=device.throttling_failure_timestamp,
        throttling_failure_count=device.throttling_failure_count,
        seed_encrypted=encryption.encrypt(device.key),
        drift=device.drift,
        last_step=device.last_t,
    )
    device.delete()


def _decrypt_app(app, make):
    make(
        user_id=app.user_id,
        name=app.name,
        confirmed=app.confirmed,
        throttling_failure_timestamp=app.throttling_failure_timestamp,
        throttling_failure_count=app.throttling_failure_count,
        key=encryption.decrypt(app.seed_encrypted),
        drift=app.drift,
        last_t=app.last_step,
    )
    app.delete()


def _hash_device(device, tokens, make):
    salt = secrets.token_hex(16)
    make(
        user_id=device.user_id,
        name=device.name,
        confirmed=device.confirmed,
        throttling_failure_timestamp=device.throttling_failure_timestamp,
        throttling_failure_count=device.throttling_failure_count,
        salt=salt,
        hashes=[_hashed(token, salt) for token in tokens.filter(device=device).values_list("token", flat=True)],
    )
    tokens.filter(device=device).delete()
    device.delete()


def _drop_codes(codes, make):
    make(user_id=codes.user_id, name=codes.name, confirmed=codes.confirmed)
    codes.delete()


def _hashed(code, salt):
    return hashlib.pbkdf2_hmac("sha256", code.encode(), salt.encode(), HASH_ROUNDS).hex()


class Migration(migrations.Migration):

    dependencies = [
        ("leads", "0008_second_step_and_webhook_secret_at_rest"),
        ("otp_totp", "0003_add_timestamps"),
        ("otp_static", "0003_add_timestamps"),
    ]

    operations = [migrations.RunPython(encrypt, decrypt)]
