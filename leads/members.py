"""Adds, changes and removes members of an account, which always keeps an owner."""

from django.contrib.auth.models import User
from django.db import transaction

from leads.choices import Role
from leads.models import Account, Membership


class Refused(Exception):
    """Nothing was changed, for the reason in the text."""


def add(account: Account, user: User, role: Role) -> Membership:
    """Makes the person a member. Call it for somebody who agreed, or as the operator. Raises Refused."""
    with transaction.atomic():
        hold(account)
        if Membership.objects.filter(account=account, user=user).exists():
            raise Refused(f"{user.get_username()} is here already.")
        return Membership.objects.create(account=account, user=user, role=role)


def set_role(membership: Membership, role: Role) -> None:
    """Raises Refused for the last owner."""
    with transaction.atomic():
        hold(membership.account)
        if role != Role.OWNER:
            _keep_an_owner(membership)
        Membership.objects.filter(pk=membership.pk).update(role=role)


def remove(membership: Membership) -> None:
    """The person stays, without this account, if there is somebody to stay. Raises Refused for the last owner."""
    with transaction.atomic():
        hold(membership.account)
        _keep_an_owner(membership)
        membership.delete()
        if _never_came(membership.user):
            membership.user.delete()


def hold(account: Account) -> None:
    """Locks the account's members against simultaneous changes."""
    Account.objects.select_for_update().get(pk=account.pk)


def _never_came(user: User) -> bool:
    """Whether the person was added by an earlier release, belongs nowhere else and has not set a password."""
    is_waiting = user.last_login is None and not user.has_usable_password() and not user.is_staff
    return is_waiting and not Membership.objects.filter(user=user).exists()


def _keep_an_owner(membership: Membership) -> None:
    owners = Membership.objects.filter(account=membership.account_id, role=Role.OWNER)
    if owners.filter(pk=membership.pk).exists() and not owners.exclude(pk=membership.pk).exists():
        raise Refused("An account needs an owner. Make somebody else one first.")
