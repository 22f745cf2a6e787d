"""Encrypts archives in the age format (https://age-encryption.org/v1), which the `age` program reads as well."""

from dataclasses import dataclass
from pathlib import Path

import pyrage

from adtarget.operating.backup.manifest import NotABackup

SUFFIX = ".age"
#: A passphrase's archive is encrypted in memory; a key's is not.
LONGEST_BY_PASSPHRASE = 1024**3


class CannotSeal(Exception):
    """The key or passphrase does not serve; the message says why."""


@dataclass(frozen=True, slots=True)
class Seal:
    """How to encrypt: to a public key (`age1…`), or by a passphrase; neither leaves the archive in clear."""

    recipient: str = ""
    passphrase: str = ""

    def apply(self, archive: Path) -> Path:
        """The encrypted file, which takes the clear one's place. Raises CannotSeal."""
        if not (self.recipient or self.passphrase):
            return archive
        sealed = archive.with_name(archive.name + SUFFIX)
        try:
            if self.recipient:
                pyrage.encrypt_file(str(archive), str(sealed), [pyrage.x25519.Recipient.from_str(self.recipient)])
            else:
                _check_length(archive)
                sealed.write_bytes(pyrage.passphrase.encrypt(archive.read_bytes(), self.passphrase))
        except pyrage.RecipientError as error:
            raise CannotSeal(f"This is no age public key: {error}") from error
        archive.unlink()
        return sealed


def open_archive(archive: Path, target: Path, *, identity: str = "", passphrase: str = "") -> None:
    """Decrypts into `target`. Raises NotABackup where key or passphrase do not open it."""
    try:
        if identity:
            pyrage.decrypt_file(str(archive), str(target), [pyrage.x25519.Identity.from_str(identity)])
        elif passphrase:
            target.write_bytes(pyrage.passphrase.decrypt(archive.read_bytes(), passphrase))
        else:
            raise NotABackup("The archive is encrypted. Give --identity or --passphrase-file.")
    except (pyrage.DecryptError, pyrage.IdentityError) as error:
        raise NotABackup(f"The archive does not open: {error}") from error


def _check_length(archive: Path) -> None:
    if archive.stat().st_size > LONGEST_BY_PASSPHRASE:
        raise CannotSeal(
            "The archive is over 1 GB. Encrypt it to a key with --encrypt-to age1…; see docs/operating.md."
        )
