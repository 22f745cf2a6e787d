"""Sends e-mail through the server that EMAIL_URL names."""

import smtplib
from collections.abc import Sequence

from django.conf import settings
from django.core.mail import EmailMessage

from adtarget.core.database import release_connection


class MailError(Exception):
    """The message was not accepted; `is_final` where a retry is useless."""

    def __init__(self, text: str, *, is_final: bool = False) -> None:
        super().__init__(text)
        self.is_final = is_final


def send(subject: str, text: str, to: Sequence[str]) -> None:
    """Sends one message to all. Raises MailError; ends within seconds. Call it outside of transactions."""
    if not settings.EMAIL_IS_CONFIGURED:
        raise MailError("E-mail is not configured: EMAIL_URL is not set.", is_final=True)
    release_connection()
    try:
        EmailMessage(subject, text, to=list(to)).send()
    except smtplib.SMTPRecipientsRefused as error:
        code = min(code for code, _ in error.recipients.values())
        raise MailError(f"The mail server refused the address ({code}).", is_final=code >= 500) from error
    except smtplib.SMTPResponseException as error:
        raise MailError(f"The mail server refused the message ({error.smtp_code}).") from error
    except (OSError, smtplib.SMTPException) as error:
        raise MailError(f"The mail server cannot be reached ({type(error).__name__}).") from error
