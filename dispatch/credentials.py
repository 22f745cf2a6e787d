"""A pixel's usable token: decrypted, and for Google exchanged for a short-lived one."""

from adtarget.encryption import CannotDecrypt
from dispatch.models import Pixel


class CredentialRefused(Exception):
    """The stored credential cannot work until somebody mends it: the pixel pauses."""


class CredentialUnavailable(Exception):
    """The token endpoint did not answer; try again later."""


def credential_of(pixel: Pixel) -> str:
    """What goes into the request. Raises CredentialRefused or CredentialUnavailable."""
    try:
        credential = pixel.credential()
    except CannotDecrypt as error:
        raise CredentialRefused(str(error)) from error
    if not credential:
        raise CredentialRefused("No access token is stored for this pixel.")
    return credential
