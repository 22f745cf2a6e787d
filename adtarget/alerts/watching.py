"""Opens an alert when a problem is found, reminds once a day, closes it when the problem is gone."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import structlog
from django.db import IntegrityError, transaction

from adtarget.alerts.choices import AlertKind, Occasion
from adtarget.alerts.finding import FINDERS, Found, all_settings
from adtarget.alerts.models import Alert, AlertSettings, Notice

log = structlog.get_logger(__name__)

REMIND_EVERY = timedelta(days=1)
REMIND_FOR = timedelta(days=14)  # after that no more reminders
KEPT_FOR = timedelta(days=180)


def watch(now: datetime) -> None:
    """Compares what is found with the open alerts. Each change is made by one worker only, with its notices."""
    settings_of = all_settings()
    for kind, find in FINDERS.items():
        try:
            found = {(one.account_id, one.subject): one for one in find(now, settings_of)}
        except Exception:  # not knowing is no reason to call it over, nor to be silent on the other kinds
            log.exception("alert finder failed", kind=kind)
            continue
        wanted = {key: one for key, one in found.items() if settings_of[one.account_id].watches(kind)}
        _compare(kind, wanted, settings_of, now=now)


def purge(now: datetime) -> int:
    """Deletes alerts that were over half a year ago; how many rows."""
    return Alert.objects.filter(resolved_at__lt=now - KEPT_FOR).delete()[0]


def _compare(
    kind: AlertKind, found: Mapping[tuple[str, str], Found], settings_of: Mapping[str, AlertSettings], *, now: datetime
) -> None:
    open_alerts = {(alert.account_id, alert.subject): alert for alert in Alert.objects.open().filter(kind=kind)}
    for key, one in found.items():
        if alert := open_alerts.get(key):
            _keep(alert, one.text, settings_of[one.account_id], now=now)
        else:
            _open(kind, one, settings_of[one.account_id], now=now)
    for key, alert in open_alerts.items():
        if key not in found:
            _resolve(alert, settings_of[alert.account_id], now=now)


def _open(kind: AlertKind, found: Found, settings: AlertSettings, *, now: datetime) -> None:
    try:
        with transaction.atomic():
            alert = Alert.objects.create(
                account_id=found.account_id,
                kind=kind,
                subject=found.subject,
                text=found.text,
                opened_at=now,
                told_at=now,
            )
            _notify(alert, Occasion.OPENED, settings, now=now)
    except IntegrityError:
        return  # another worker opened it just now
    log.info("alert opened", account=found.account_id, kind=kind, subject=found.subject)


def _keep(alert: Alert, text: str, settings: AlertSettings, *, now: datetime) -> None:
    """Updates the sentence of an open alert, and reminds a day after the last notice."""
    if alert.text != text:
        Alert.objects.filter(pk=alert.pk).update(text=text)
    if (alert.told_at and alert.told_at > now - REMIND_EVERY) or now - alert.opened_at > REMIND_FOR:
        return
    with transaction.atomic():
        if Alert.objects.open().filter(pk=alert.pk, told_at=alert.told_at).update(told_at=now):
            _notify(alert, Occasion.REMINDER, settings, now=now)


def _resolve(alert: Alert, settings: AlertSettings, *, now: datetime) -> None:
    """Closes an alert; accounts that muted its kind get no notice of the end."""
    with transaction.atomic():
        is_ours = Alert.objects.open().filter(pk=alert.pk).update(resolved_at=now)
        if is_ours and settings.watches(alert.kind):
            _notify(alert, Occasion.RESOLVED, settings, now=now)


def _notify(alert: Alert, occasion: Occasion, settings: AlertSettings, *, now: datetime) -> None:
    Notice.objects.bulk_create(
        Notice(alert=alert, occasion=occasion, route=route, due_at=now, created_at=now) for route in settings.routes
    )
