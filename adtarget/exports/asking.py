"""One export at a time for each account."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from adtarget.core import doorbell
from adtarget.exports.models import Export, Kind, State
from leads.models import Account

LEASE = timedelta(seconds=60)


class Busy(Exception):
    """Another export of the account is not done yet."""

    def __init__(self, export: Export | None) -> None:
        super().__init__("Another export of this account is not done yet.")
        self.export = export


def begin(
    account: Account, user: User, kind: Kind, query: Mapping[str, str], *, zone: str, is_direct: bool, now: datetime
) -> Export:
    """Takes the account's place for an export, for this request or for a worker. Raises Busy."""
    _give_up_direct(account, now)
    export = Export(account=account, asked_by=user, kind=kind, query=dict(query), zone=zone, is_direct=is_direct)
    export.state, export.alive_until = (State.WORKING, now + LEASE) if is_direct else (State.WAITING, None)
    try:
        with transaction.atomic():
            export.save(force_insert=True)
    except IntegrityError:
        open_one = Export.objects.filter(account=account, state__in=[State.WAITING, State.WORKING]).first()
        raise Busy(open_one) from None
    if not is_direct:
        doorbell.call("exports.make", export_id=export.pk)
    return export


def _give_up_direct(account: Account, now: datetime) -> None:
    """Frees the place of a request whose process is gone."""
    Export.objects.filter(account=account, is_direct=True, alive_until__lt=now).delete()
