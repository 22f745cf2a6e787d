"""The second step of signing in: a code of an authenticator app, or one of ten recovery codes."""

import secrets
from base64 import b32encode

import django_otp
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet

from leads.models import AuthenticatorApp, RecoveryCodes

RECOVERY_CODES = 10
RECOVERY_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
RECOVERY_LENGTH = 10  # 49 bits


def is_on(user: User) -> bool:
    return bool(AuthenticatorApp.objects.filter(user=user, confirmed=True).exists())


def begin(user: User) -> AuthenticatorApp:
    """The app to be confirmed: a new seed each time, until one is confirmed."""
    AuthenticatorApp.objects.filter(user=user, confirmed=False).delete()
    app = AuthenticatorApp.new(user)
    app.save()
    return app


def begun(user: User) -> AuthenticatorApp | None:
    apps: QuerySet[AuthenticatorApp] = AuthenticatorApp.objects.filter(user=user, confirmed=False)
    return apps.order_by("-pk").first()


def confirm(app: AuthenticatorApp, code: str) -> list[str]:
    """Turns the second step on where the app gives the right code: the recovery codes, [] where it does not."""
    with transaction.atomic():
        verified = django_otp.verify_token(app.user, app.persistent_id, _plain(code))
        if verified is None or is_on(app.user):
            return []
        AuthenticatorApp.objects.filter(pk=app.pk).update(confirmed=True)
        return make_recovery_codes(app.user)


def check(user: User, code: str) -> bool:
    """Whether the code is right now; it is used up. Wrong ones make the next take longer to be heard."""
    plain = _plain(code)
    kind = AuthenticatorApp if plain.isdecimal() and len(plain) < RECOVERY_LENGTH else RecoveryCodes
    device = kind.objects.filter(user=user, confirmed=True).first()
    return device is not None and django_otp.verify_token(user, device.persistent_id, plain) is not None


def turn_off(user: User) -> None:
    """Nothing of it stays: neither app nor recovery codes."""
    with transaction.atomic():
        AuthenticatorApp.objects.filter(user=user).delete()
        RecoveryCodes.objects.filter(user=user).delete()


def make_recovery_codes(user: User) -> list[str]:
    """Ten new ones, each for one sign-in; the old are void."""
    codes = ["".join(secrets.choice(RECOVERY_ALPHABET) for _ in range(RECOVERY_LENGTH)) for _ in range(RECOVERY_CODES)]
    made = RecoveryCodes.of(user, codes)
    with transaction.atomic():
        RecoveryCodes.objects.filter(user=user).delete()
        made.save()
    return [f"{code[:5]}-{code[5:]}" for code in codes]


def recovery_codes_left(user: User) -> int:
    return sum(len(kept.hashes) for kept in RecoveryCodes.objects.filter(user=user))


def seed_text(app: AuthenticatorApp) -> str:
    """The app's seed as people type it, in groups of four."""
    text = b32encode(app.seed()).decode()
    return " ".join(text[start : start + 4] for start in range(0, len(text), 4))


def _plain(code: str) -> str:
    return code.replace(" ", "").replace("-", "").casefold()
