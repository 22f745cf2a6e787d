"""API keys: `atk_<mode>_<prefix>_<secret>`, made, parsed, verified, revoked. Knows nothing of HTTP."""

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.crypto import constant_time_compare

from adtarget.core import errors
from adtarget.core.prepared import PreparedQuery
from leads.choices import KeyMode
from leads.models import Account, ApiKey, Site

PREFIX_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"
SECRET_ALPHABET = PREFIX_ALPHABET + "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
MOST_ACTIVE_KEYS = 5  # per account for account keys, per site for site keys
LAST_USED_PRECISION = timedelta(minutes=1)

_SHAPE = re.compile(r"atk_(live|test)_([a-z0-9]{1,64})_([A-Za-z0-9_-]{1,256})")
_KEY = PreparedQuery(lambda prefix, mode: ApiKey.objects.filter(prefix=prefix, mode=mode), "", "")
_NO_SUCH_SECRET = hashlib.sha256(b"compared when the prefix is unknown").hexdigest()


class TooManyKeys(Exception):
    """Five are active already; revoke one first."""


def create_key(*, account: Account, site: Site | None, name: str, mode: KeyMode = KeyMode.LIVE) -> tuple[ApiKey, str]:
    """A new key and its token. The token is this return value and is kept nowhere.

    Raises TooManyKeys at 5 active keys of the account, or of the site.
    """
    with transaction.atomic():
        Account.objects.select_for_update().get(pk=account.pk)
        if ApiKey.objects.active().filter(account=account, site=site).count() >= MOST_ACTIVE_KEYS:
            raise TooManyKeys(f"There are {MOST_ACTIVE_KEYS} active keys here already. Revoke one first.")
        prefix = "".join(secrets.choice(PREFIX_ALPHABET) for _ in range(8))
        secret = "".join(secrets.choice(SECRET_ALPHABET) for _ in range(32))
        key = ApiKey.objects.create(
            account=account, site=site, name=name, mode=mode, prefix=prefix, secret_sha256=_sha256(secret)
        )
    return key, f"atk_{mode}_{prefix}_{secret}"


def verify(token: str) -> ApiKey:
    """The key behind a token. Raises InvalidKey or RevokedKey.

    The same comparison is made for an unknown prefix, so that the time
    taken does not tell which prefixes exist.
    """
    parts = parts_of(token)
    if parts is None:
        raise errors.InvalidKey
    key = next(iter(_KEY(parts.prefix, parts.mode)), None)
    if not is_secret_of(key, parts.secret) or key is None:
        raise errors.InvalidKey
    if key.revoked_at is not None:
        raise errors.RevokedKey
    return key


@dataclass(frozen=True, slots=True, repr=False)
class Parts:
    """What a token is made of."""

    mode: str
    prefix: str
    secret: str


def parts_of(token: str) -> Parts | None:
    """None where the text has not the form of a token."""
    shape = _SHAPE.fullmatch(token)
    return Parts(*shape.groups()) if shape else None


def is_secret_of(key: ApiKey | None, secret: str) -> bool:
    """Compares in the same time whether there is such a key or not."""
    return constant_time_compare(_sha256(secret), key.secret_sha256 if key else _NO_SUCH_SECRET)


def note_use(key: ApiKey, *, now: datetime) -> None:
    """Keeps `last_used_at`, at most once a minute."""
    if key.last_used_at is None or now - key.last_used_at >= LAST_USED_PRECISION:
        ApiKey.objects.filter(pk=key.pk).update(last_used_at=now)


def revoke(key: ApiKey, *, now: datetime) -> None:
    """Ends the key at once and for good."""
    ApiKey.objects.filter(pk=key.pk, revoked_at__isnull=True).update(revoked_at=now)


def _sha256(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
