"""What a person signs in with besides the password: an authenticator app, and recovery codes for a lost phone."""

import hashlib
import secrets
import time
from base64 import b32encode
from urllib.parse import quote, urlencode

import structlog
from django.conf import settings
from django.db import models
from django.utils.crypto import constant_time_compare
from django_otp.models import Device, ThrottlingMixin
from django_otp.oath import TOTP

from adtarget.core import encryption

log = structlog.get_logger(__name__)

STEP_SECONDS, DIGITS = 30, 6  # what every authenticator app does unless told otherwise
SEED_BYTES = 20
TOLERANCE = 1  # steps before and after, for clocks that differ
#: Of PBKDF2 with SHA-256: a recovery code has 49 bits, which a bare hash would not hide.
HASH_ROUNDS = 100_000


class AuthenticatorApp(ThrottlingMixin, Device):
    """An app that shows codes of six digits (RFC 6238); its seed is encrypted with the field keys."""

    seed_encrypted = models.TextField(editable=False)
    drift = models.SmallIntegerField(default=0, help_text="Steps by which the phone's clock is ahead.")
    last_step = models.BigIntegerField(default=-1, help_text="Of the last right code: each works once.")

    @classmethod
    def new(cls, user: object) -> "AuthenticatorApp":
        """Not saved and not confirmed."""
        app = cls(user=user, name="app", confirmed=False)
        app.set_seed(secrets.token_bytes(SEED_BYTES))
        return app

    def seed(self) -> bytes:
        """Raises CannotDecrypt."""
        return bytes.fromhex(encryption.decrypt(self.seed_encrypted))

    def set_seed(self, seed: bytes) -> None:
        self.seed_encrypted = encryption.encrypt(seed.hex())

    def config_url(self) -> str:
        """What the QR code says, by the apps' convention (google-authenticator's wiki, "Key Uri Format")."""
        issuer = settings.OTP_TOTP_ISSUER
        asked = {"secret": b32encode(self.seed()).decode(), "algorithm": "SHA1", "digits": DIGITS}
        query = urlencode(asked | {"period": STEP_SECONDS, "issuer": issuer}, quote_via=quote)
        return f"otpauth://totp/{quote(f'{issuer}:{self.user.get_username()}')}?{query}"

    def verify_token(self, token: str) -> bool:
        """Whether the code is right, new, and not given too soon after wrong ones."""
        if not self.verify_is_allowed()[0]:
            return False
        if token.isdecimal() and self._is_right(int(token)):
            self.throttle_reset(commit=False)
            self.save()
            return True
        self.throttle_increment()
        return False

    def _is_right(self, code: int) -> bool:
        try:
            totp = TOTP(self.seed(), STEP_SECONDS, 0, DIGITS, self.drift)
        except encryption.CannotDecrypt:
            log.warning("no key of FIELD_ENCRYPTION_KEY opens a person's authenticator app", user=self.user_id)
            return False
        totp.time = time.time()
        if not totp.verify(code, TOLERANCE, self.last_step + 1):
            return False
        self.last_step, self.drift = totp.t(), totp.drift
        return True

    def get_throttle_factor(self) -> int:
        return 1


class RecoveryCodes(ThrottlingMixin, Device):
    """A person's unused recovery codes, as salted hashes."""

    salt = models.CharField(max_length=32)
    hashes = models.JSONField(default=list)

    @classmethod
    def of(cls, user: object, codes: list[str]) -> "RecoveryCodes":
        """Not saved."""
        kept = cls(user=user, name="recovery codes", salt=secrets.token_hex(16))
        kept.hashes = [hashed(code, kept.salt) for code in codes]
        return kept

    def verify_token(self, token: str) -> bool:
        """Whether it is one of the codes, which is used up then."""
        if not self.verify_is_allowed()[0]:
            return False
        given = hashed(token, self.salt)
        left = [kept for kept in self.hashes if not constant_time_compare(kept, given)]
        if len(left) == len(self.hashes):
            self.throttle_increment()
            return False
        self.hashes = left
        self.throttle_reset(commit=False)
        self.save()
        return True

    def get_throttle_factor(self) -> int:
        return 1


def hashed(code: str, salt: str) -> str:
    return hashlib.pbkdf2_hmac("sha256", code.encode(), salt.encode(), HASH_ROUNDS).hex()
