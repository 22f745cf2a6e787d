"""Adds, changes and removes members of an account, which always keeps an owner."""

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from leads.choices import Role
from leads.models import Account, Membership


class Refused(Exception):
    """Nothing was changed, for the reason in the text."""


def add(account: Account, who: str, role: Role) -> tuple[Membership, bool]:
    """The membership of `who`, a username or e-mail address, and whether the person is new here.

    A new person has no password yet. Raises Refused.
    """
    with transaction.atomic():
        _hold(account)
        user, is_new = _find(who), False
        if user is None:
            user, is_new = _make(who)
        if Membership.objects.filter(account=account, user=user).exists():
            raise Refused(f"{user.get_username()} is here already.")
        if not user.is_active:
            raise Refused("This person's sign-in is switched off.")
        if not is_new and not user.has_usable_password():
            raise Refused("This person has not set a password yet. Add them once they have.")
        return Membership.objects.create(account=account, user=user, role=role), is_new


def set_role(membership: Membership, role: Role) -> None:
    """Raises Refused for the last owner."""
    with transaction.atomic():
        _hold(membership.account)
        if role != Role.OWNER:
            _keep_an_owner(membership)
        Membership.objects.filter(pk=membership.pk).update(role=role)


def remove(membership: Membership) -> None:
    """The person stays, without this account. Raises Refused for the last owner."""
    with transaction.atomic():
        _hold(membership.account)
        _keep_an_owner(membership)
        membership.delete()


def never_signed_in(membership: Membership) -> bool:
    """Whether the person is only this account's and has not set a password: its owner may make a link for that."""
    user = membership.user
    is_theirs = not user.is_staff and not Membership.objects.filter(user=user).exclude(pk=membership.pk).exists()
    return is_theirs and user.last_login is None and not user.has_usable_password()


def _find(who: str) -> User | None:
    """By username, else by e-mail address."""
    if user := User.objects.filter(username=who).first():
        return user
    found = list(User.objects.filter(email__iexact=who)[:2]) if "@" in who else []
    if len(found) > 1:
        raise Refused("Several people have this e-mail address. Give the username.")
    return found[0] if found else None


def _make(who: str) -> tuple[User, bool]:
    try:
        User.username_validator(who)
    except ValidationError:
        raise Refused("Write letters, digits and @ . + - _ only.") from None
    try:
        validate_email(who)
        email = who
    except ValidationError:
        email = ""
    return User.objects.get_or_create(username=who, defaults={"email": email, "password": make_password(None)})


def _hold(account: Account) -> None:
    """Locks the account's members against simultaneous changes."""
    Account.objects.select_for_update().get(pk=account.pk)


def _keep_an_owner(membership: Membership) -> None:
    owners = Membership.objects.filter(account=membership.account_id, role=Role.OWNER)
    if owners.filter(pk=membership.pk).exists() and not owners.exclude(pk=membership.pk).exists():
        raise Refused("An account needs an owner. Make somebody else one first.")
