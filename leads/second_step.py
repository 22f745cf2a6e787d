"""The second step of signing in: a code of an authenticator app, or one of ten recovery codes."""

import secrets
from base64 import b32encode

import django_otp
from django.contrib.auth.models import User
from django.db import transaction
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

RECOVERY_CODES = 10
RECOVERY_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
RECOVERY_LENGTH = 10  # 49 bits


def is_on(user: User) -> bool:
    return bool(TOTPDevice.objects.filter(user=user, confirmed=True).exists())


def begin(user: User) -> TOTPDevice:
    """The app to be confirmed: a new secret each time, until one is confirmed."""
    TOTPDevice.objects.filter(user=user, confirmed=False).delete()
    return TOTPDevice.objects.create(user=user, name="app", confirmed=False)


def begun(user: User) -> TOTPDevice | None:
    return TOTPDevice.objects.filter(user=user, confirmed=False).order_by("-pk").first()


def confirm(device: TOTPDevice, code: str) -> list[str]:
    """Turns the second step on where the app gives the right code: the recovery codes, [] where it does not."""
    with transaction.atomic():
        verified = django_otp.verify_token(device.user, device.persistent_id, _plain(code))
        if verified is None or is_on(device.user):
            return []
        TOTPDevice.objects.filter(pk=device.pk).update(confirmed=True)
        return make_recovery_codes(device.user)


def check(user: User, code: str) -> bool:
    """Whether the code is right now; it is used up. Wrong ones make the next take longer to be heard."""
    plain = _plain(code)
    kind = TOTPDevice if plain.isdecimal() and len(plain) < RECOVERY_LENGTH else StaticDevice
    device = kind.objects.filter(user=user, confirmed=True).first()
    return device is not None and django_otp.verify_token(user, device.persistent_id, plain) is not None


def turn_off(user: User) -> None:
    """Nothing of it stays: neither app nor recovery codes."""
    with transaction.atomic():
        TOTPDevice.objects.filter(user=user).delete()
        StaticDevice.objects.filter(user=user).delete()


def make_recovery_codes(user: User) -> list[str]:
    """Ten new ones, each for one sign-in; the old are void."""
    codes = ["".join(secrets.choice(RECOVERY_ALPHABET) for _ in range(RECOVERY_LENGTH)) for _ in range(RECOVERY_CODES)]
    with transaction.atomic():
        StaticDevice.objects.filter(user=user).delete()
        device = StaticDevice.objects.create(user=user, name="recovery codes")
        StaticToken.objects.bulk_create(StaticToken(device=device, token=code) for code in codes)
    return [f"{code[:5]}-{code[5:]}" for code in codes]


def recovery_codes_left(user: User) -> int:
    return int(StaticToken.objects.filter(device__user=user).count())


def secret_text(device: TOTPDevice) -> str:
    """The app's secret as people type it, in groups of four."""
    text = b32encode(device.bin_key).decode()
    return " ".join(text[start : start + 4] for start in range(0, len(text), 4))


def _plain(code: str) -> str:
    return code.replace(" ", "").replace("-", "").casefold()
