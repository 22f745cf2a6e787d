"""Sends due notices by e-mail or Telegram and notes the result."""

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from django.db.models import F

from adtarget.alerts.choices import AlertKind, Occasion, Route
from adtarget.alerts.models import Alert, AlertSettings, Notice
from adtarget.core import mail
from adtarget.core.claiming import claim_until
from adtarget.core.encryption import CannotDecrypt
from tracker.telegram import client
from tracker.telegram.client import TelegramError

log = structlog.get_logger(__name__)

WAITS = [timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240)]
LEASE = timedelta(minutes=5)
MOST_AT_ONCE = 200

WHAT_TO_DO = {
    AlertKind.PIXEL_PAUSED: "Correct its access at the platform, then resume it in Set-up.",
    AlertKind.FAILURES: "Delivery shows each one and why it failed.",
    AlertKind.SILENCE: "Open your page and watch for the visit in Set-up; see that your backend still sends.",
    AlertKind.VALUES: "Enter the values in Values.",
    AlertKind.UNREADABLE: "The command manage.py audit_sends lists the rows.",
    AlertKind.LINKS: "Give the channel a further bot; its page shows links against clicks.",
    AlertKind.STORAGE: "Look where the visits come from; raise VISITS_PER_SITE_AND_DAY if they are real.",
    AlertKind.BOT: "Make the bot an administrator of the channel again, with the right to invite.",
}

Clock = Callable[[], datetime]


class CannotTell(Exception):
    """A notice could not be delivered. `wait` is the shortest time until the next try, None where there is none."""

    def __init__(self, text: str, *, wait: timedelta | None = None) -> None:
        super().__init__(text)
        self.wait = wait


def tell_due(*, clock: Clock) -> int:
    """Sends the notices that are due, the oldest first; how many were tried."""
    due = Notice.objects.filter(due_at__lte=clock()).select_related("alert__account").order_by("due_at")
    tried = 0
    for notice in due[:MOST_AT_ONCE]:
        lease_end = clock() + LEASE
        if claim_until(notice, lease_end, attempts=F("attempts") + 1):
            _tell(notice, lease_end, clock=clock)
            tried += 1
    return tried


def tell(route: Route, settings: AlertSettings, *, subject: str, text: str) -> None:
    """Sends one message one way. Raises CannotTell."""
    if route not in settings.routes:
        raise CannotTell("This way of notifying is no longer set up.")
    if route == Route.EMAIL:
        _mail(settings, subject, text)
    else:
        _send_to_telegram(settings, f"{subject}\n\n{text}")


def wording(alert: Alert, occasion: Occasion) -> tuple[str, str]:
    """Subject and text of a message."""
    name, label = alert.account.name, alert.get_kind_display()
    since = f"{alert.opened_at:%-d %b %Y, %H:%M} UTC"
    if occasion == Occasion.RESOLVED:
        return f"{name}: over: {label.lower()}", f"This is over; it began {since}:\n{alert.text}"
    again = f"It is so since {since}.\n" if occasion == Occasion.REMINDER else ""
    return f"{name}: {label.lower()}", f"{alert.text}\n{again}{WHAT_TO_DO[AlertKind(alert.kind)]}"


def _tell(notice: Notice, lease_end: datetime, *, clock: Clock) -> None:
    alert = notice.alert
    subject, text = wording(alert, Occasion(notice.occasion))
    settings = AlertSettings.objects.select_related("telegram_bot").filter(account=alert.account_id).first()
    settings = settings or AlertSettings(account=alert.account)
    held = Notice.objects.filter(pk=notice.pk, due_at=lease_end)
    try:
        tell(Route(notice.route), settings, subject=subject, text=text)
    except CannotTell as error:
        again_at = _next_attempt(notice, error, now=clock())
        held.update(due_at=again_at, error=str(error)[:300])
        log.warning("alert not told", notice=notice.pk, route=notice.route, again_at=again_at)
    else:
        held.update(due_at=None, sent_at=clock(), error="")


def _next_attempt(notice: Notice, error: CannotTell, *, now: datetime) -> datetime | None:
    if error.wait is None or notice.attempts >= len(WAITS):
        return None
    return now + max(WAITS[notice.attempts], error.wait)


def _mail(settings: AlertSettings, subject: str, text: str) -> None:
    try:
        mail.send(subject, text, settings.emails)
    except mail.MailError as error:
        raise CannotTell(str(error), wait=None if error.is_final else timedelta()) from error


def _send_to_telegram(settings: AlertSettings, text: str) -> None:
    bot, chat_id = settings.telegram_bot, settings.telegram_chat_id
    assert bot is not None  # noqa: S101 (else it were no route)
    try:
        client.call(bot.token(), "sendMessage", params={"chat_id": chat_id, "text": text[:4000]})
    except CannotDecrypt as error:
        raise CannotTell(str(error)) from error
    except TelegramError as error:
        if error.migrate_to_chat_id:  # the group became a supergroup; the next attempt goes there
            AlertSettings.objects.filter(pk=settings.pk).update(telegram_chat_id=error.migrate_to_chat_id)
        for_now = error.code in (0, 429) or error.code >= 500 or error.migrate_to_chat_id
        wait = timedelta(seconds=error.retry_after or 0) if for_now else None
        raise CannotTell(f"Telegram: {error.description}", wait=wait) from error
