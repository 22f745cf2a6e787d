"""Joining an account by invitation: who holds the link may join, as the person they sign in as or as a new one.

Nothing here looks up whether the invited address is known, so that no answer can tell. A link that went by mail only
proves its address; one that was handed over proves nothing, and the new person it makes has no address.
"""

import re
import secrets
from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q

from adtarget.core import rate_limit
from leads import members
from leads.choices import Role
from leads.members import Refused
from leads.models import Account, Invitation, Membership
from leads.models.invitation import token_hash

LIFETIME = timedelta(hours=24)
KEPT_AFTERWARDS = timedelta(days=30)
PER_MINUTE, IN_A_ROW = 0.5, 20  # mails that an account may cause
SUFFIX_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


class Void(Exception):
    """The link was used, withdrawn or replaced, or is too old."""


def invite(
    account: Account, who: str, role: Role, *, by: str, is_mailed: bool, now: datetime
) -> tuple[Invitation, str]:
    """The invitation and its link's token, which is kept nowhere. An earlier link of theirs is void. Raises Refused."""
    who = who.strip().lower()
    with transaction.atomic():
        members.hold(account)
        theirs = Q(user__username__iexact=who) | Q(user__email__iexact=who)
        if Membership.objects.filter(theirs, account=account).exists():
            raise Refused(f"{who} is here already.")
        _spare_mailboxes(account)
        token = secrets.token_urlsafe(32)
        invitation, _ = Invitation.objects.update_or_create(
            account=account,
            who=who,
            defaults={
                "role": role,
                "is_mailed": is_mailed,
                "token_sha256": token_hash(token),
                "invited_by": by,
                "expires_at": now + LIFETIME,
            },
        )
    return invitation, token


def find(token_sha256: str, *, now: datetime) -> Invitation | None:
    """The open invitation of a link."""
    return Invitation.objects.open(now=now).filter(token_sha256=token_sha256).select_related("account").first()


def accept(invitation: Invitation, user: User, *, now: datetime) -> bool:
    """Makes the person a member, whether they were none before; the link is used up. Raises Void."""
    with transaction.atomic():
        members.hold(invitation.account)
        _use_up(invitation, now=now)
        _, is_new = Membership.objects.get_or_create(
            account=invitation.account, user=user, defaults={"role": invitation.role}
        )
    return is_new


def accept_as_new(invitation: Invitation, password: str, *, now: datetime) -> User:
    """Makes a person, and them a member. Raises Void."""
    user = new_person(invitation)
    user.set_password(password)
    with transaction.atomic():
        user.save()
        accept(invitation, user, now=now)
    return user


def new_person(invitation: Invitation) -> User:
    """Not saved. The name of one whose address is not proven is nobody's address and cannot be guessed before."""
    if invitation.is_mailed:
        return User(username=_free_name(_usable(invitation.who), invitation), email=invitation.who)
    return User(username=_free_name(_usable(invitation.who.partition("@")[0]), invitation))


def decline(invitation: Invitation, *, now: datetime) -> None:
    """The link is used up. Raises Void."""
    with transaction.atomic():
        _use_up(invitation, now=now)


def forget_old(now: datetime) -> None:
    Invitation.objects.filter(expires_at__lt=now - KEPT_AFTERWARDS).delete()


def _use_up(invitation: Invitation, *, now: datetime) -> None:
    """Exactly one of several at the same time gets through."""
    same_link = Invitation.objects.open(now=now).filter(pk=invitation.pk, token_sha256=invitation.token_sha256)
    deleted, _ = same_link.delete()
    if not deleted:
        raise Void


def _spare_mailboxes(account: Account) -> None:
    if seconds := rate_limit.take(f"invitation:{account.pk}", per_minute=PER_MINUTE, burst=IN_A_ROW):
        raise Refused(f"Too many invitations at once. Wait {seconds} seconds.")


def _free_name(name: str, invitation: Invitation) -> str:
    """The name, with as much of the link's hash as makes it free: the same at each look at the page."""
    tail = "".join(SUFFIX_ALPHABET[byte % len(SUFFIX_ALPHABET)] for byte in bytes.fromhex(invitation.token_sha256))
    tried = [name] if invitation.is_mailed else []
    tried += [f"{name}-{tail[:length]}" for length in (4, 8)]
    taken = set(User.objects.filter(username__in=tried).values_list("username", flat=True))
    return next((candidate for candidate in tried if candidate not in taken), f"{name[:100]}-{tail}")


def _usable(name: str) -> str:
    """Of the characters and the length that Django's user names have."""
    return re.sub(r"[^\w.@+-]", "", name)[:140] or "person"
