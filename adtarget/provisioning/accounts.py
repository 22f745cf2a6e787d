"""The account of a document, and its users with their roles."""

from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password

from adtarget.core.json_document import Node, one_of, text
from adtarget.provisioning.rows import Tally, apply, note_unknown
from leads.choices import Role
from leads.models import Account, Membership

OPS = "ops"  # a role of the document only: an owner who may use the admin as well


def provision_account(node: Node, tally: Tally) -> Account:
    """The account, locked until the run ends, so that two runs come one after the other."""
    name = text(200)(node.child("name").required())
    account = Account.objects.select_for_update().filter(name=name).first() or Account(name=name)
    return apply(account, {}, tally)


def provision_user(node: Node, *, account: Account, tally: Tally) -> None:
    """A login and its role. `ops` is granted here; taking it away is done in the admin."""
    note_unknown(node, "username", "password", "role")
    username = text(150)(node.child("username").required())
    role = one_of([*Role.values, OPS])(node.child("role").required())
    users = get_user_model().objects
    user = users.filter(username=username).first() or users.model(username=username)
    password = node.child("password") if user.pk else node.child("password").required()
    access: dict[str, Any] = {"is_staff": True, "is_superuser": True} if role == OPS else {}
    # The same password set again would end the person's sessions for nothing.
    if password.value is not None and not user.check_password(text(4096)(password)):
        access["password"] = make_password(text(4096)(password))
    user = apply(user, access, tally)
    membership = Membership.objects.filter(account=account, user=user).first() or Membership(account=account, user=user)
    apply(membership, {"role": Role.OWNER if role == OPS else Role(role)}, tally)
