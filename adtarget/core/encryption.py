"""Secrets at rest: platform tokens and bot tokens, encrypted with a key outside the database."""

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


class CannotDecrypt(Exception):
    """No key of FIELD_ENCRYPTION_KEY decrypts this secret."""


def encrypt(secret: str) -> str:
    """Encrypted with the first key; '' stays ''."""
    return _fernet().encrypt(secret.encode()).decode() if secret else ""


def decrypt(stored: str) -> str:
    """The secret, with whichever key made it; '' stays ''. Raises CannotDecrypt."""
    if not stored:
        return ""
    try:
        return _fernet().decrypt(stored.encode()).decode()
    except InvalidToken as error:
        raise CannotDecrypt("No key of FIELD_ENCRYPTION_KEY opens this secret; enter it again.") from error


def _fernet() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.FIELD_ENCRYPTION_KEYS])
