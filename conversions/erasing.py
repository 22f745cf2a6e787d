"""Erases a person from everything an account has stored.

Events stay as figures under a made-up Telegram id: their value is the account's
own data, the person is not. Open sends end as skipped, and a tombstone keeps
replayed events from creating the person again.
"""

import secrets
import uuid
from dataclasses import asdict, dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet

from adtarget.core import errors
from conversions.models import Conversion
from dispatch.choices import Reason, SendStatus
from dispatch.models import Attempt, Send
from dispatch.webhooks import endpoints
from dispatch.webhooks.models import WebhookMessage
from leads import audit
from leads.models import Account, ErasedPerson, Lead
from leads.models.lead import LARGEST_TELEGRAM_ID
from leads.tombstones import person_sha256
from tracker.models import BotStart, Invite, Join, TelegramUpdate, TrackingSession, Visit
from tracker.models.visit import ID_COLUMNS

#: A visit's personal columns, besides the click and browser ids of every platform; its campaign stays.
OF_A_VISIT = "url landing_page referrer external_user_id client_ip user_agent country region city".split()


@dataclass(frozen=True, slots=True)
class Erased:
    """How many rows lost their personal data."""

    leads: int
    conversions: int
    visits: int
    sends_cancelled: int


@transaction.atomic
def erase_person(
    account: Account, telegram_user_id: int, *, actor: str, now: datetime, client_ip: str | None = None
) -> Erased:
    """Erases everything the account knows of a Telegram user, at once or not at all.

    Raises LeadNotFound where it knows nothing; a second time changes nothing more.
    """
    person = person_sha256(account.pk, telegram_user_id)
    mine = Lead.objects.select_for_update(of=("self",)).filter(site__account=account)
    leads = list(mine.filter(telegram_user_id=telegram_user_id).order_by("pk"))
    starts = BotStart.objects.filter(bot__account=account, telegram_user_id=telegram_user_id)
    is_known = bool(leads) or starts.exists()
    tombstone = ErasedPerson.objects.filter(account=account, person_sha256=person)
    if not is_known and not tombstone.exists():
        raise errors.LeadNotFound("Nothing is known of this Telegram user.")
    ErasedPerson.objects.update_or_create(account=account, person_sha256=person, defaults={"erased_at": now})
    erased = Erased(
        leads=len(leads),
        visits=_blank_visits(leads, starts),
        sends_cancelled=_cancel_sends(leads),
        conversions=_blank_conversions(leads),
    )
    starts.delete()
    for lead in leads:
        _make_nobodys(lead)
    _delete_messages(account, telegram_user_id)
    if is_known:
        audit.record(
            account=account,
            actor=actor,
            action="erase_person",
            target=f"person {person[:12]}",
            details=asdict(erased),
            client_ip=client_ip,
        )
    return erased


def _blank_visits(leads: list[Lead], starts: QuerySet[BotStart]) -> int:
    """Blanks the visits of the person's browsers on their sites."""
    led_here = (
        Q(conversions__lead__in=leads)
        | Q(pk__in=Join.objects.filter(lead__in=leads).values("visit"))
        | Q(pk__in=starts.values("visit"))
    )
    browsers = set(Visit.objects.filter(led_here).values_list("site_id", "temp_id"))
    count = 0
    for site_id, temp_id in browsers:
        nobody = uuid.uuid4()
        sessions = TrackingSession.objects.filter(site=site_id, temp_id=temp_id)
        count += Visit.objects.filter(session__in=list(sessions)).update(
            temp_id=nobody,
            seen_at={},
            more_ids={},
            parameters={},
            consent={},
            **dict.fromkeys([*OF_A_VISIT, *ID_COLUMNS], ""),
        )
        sessions.update(temp_id=nobody, client_session_id="")
        Invite.objects.filter(channel__site=site_id, temp_id=temp_id).update(temp_id=nobody)
    return count


def _cancel_sends(leads: list[Lead]) -> int:
    """Ends what is open, then forgets what was sent: hashes are personal data as well.

    In this order: once a send is ended, no worker can write another attempt of it. The filter joins nothing:
    PostgreSQL then looks again at the row itself where a worker has just concluded it.
    """
    sends = Send.objects.filter(conversion__in=Conversion.objects.filter(lead__in=leads))
    ended = sends.open().update(status=SendStatus.SKIPPED, reason=Reason.ERASED, due_at=None, claim=None)
    Attempt.objects.filter(send__in=sends).update(request={}, response="")
    return ended


def _blank_conversions(leads: list[Lead]) -> int:
    conversions = Conversion.objects.filter(lead__in=leads)
    return conversions.update(
        external_user_id="",
        order_id="",
        own_event_id="",
        api_visit_override={},
        pii={},
        inherited_pii={},
        inherited_since=None,
        consent={},
    )


def _make_nobodys(lead: Lead) -> None:
    """Replaces the Telegram id by one from the upper half of Telegram's range, which is not in use."""
    while True:
        number = LARGEST_TELEGRAM_ID - secrets.randbelow(2**51)
        if not Lead.objects.filter(site=lead.site_id, telegram_user_id=number).exists():
            break
    Lead.objects.filter(pk=lead.pk).update(telegram_user_id=number, telegram_username="", external_user_id="")
    Conversion.objects.filter(lead=lead).update(telegram_user_id=number)


def _delete_messages(account: Account, telegram_user_id: int) -> None:
    """Deletes stored Telegram updates and webhook messages about the person."""
    TelegramUpdate.objects.filter(bot__account=account).filter(
        Q(body__chat_member__new_chat_member__user__id=telegram_user_id)
        | Q(body__chat_join_request__from__id=telegram_user_id)
        | Q(body__message__from__id=telegram_user_id)
    ).delete()
    endpoints.delete_messages(
        WebhookMessage.objects.filter(endpoint__account=account, data__telegramUserId=telegram_user_id)
    )
