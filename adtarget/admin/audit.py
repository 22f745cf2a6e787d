"""Audit entries of what is done in the admin."""

from typing import Any

from django import forms
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from adtarget.core.client_context import is_address, peer_address
from leads import audit
from leads.models import Account


def note(request: HttpRequest, verb: str, obj: Model, *, details: dict[str, Any] | None = None) -> None:
    """An audit entry for what this person just did to `obj`."""
    audit.record(
        actor=actor_of(request),
        action=f"{obj._meta.model_name}.{verb}",
        target=f"{obj} ({obj.pk})",
        account=account_of(obj),
        details=details,
        client_ip=address_of(request),
    )


def actor_of(request: HttpRequest) -> str:
    return request.user.get_username()


def address_of(request: HttpRequest) -> str | None:
    address = peer_address(request)
    return address if is_address(address) else None


def account_of(obj: Any) -> Account | None:
    """The tenant that `obj` belongs to, where it belongs to one."""
    if isinstance(obj, Account):
        return obj if obj.pk else None
    if site := getattr(obj, "site", None):
        account: Account | None = site.account
        return account
    return getattr(obj, "account", None)


def changed_fields(form: forms.BaseForm) -> dict[str, Any]:
    """Old and new value of each field that was changed; a secret only says that it was."""
    changes: dict[str, Any] = {}
    for name in form.changed_data:
        field = form.fields[name]
        if isinstance(field.widget, forms.PasswordInput):
            changes[name] = "changed"
            continue
        old, new = _plain(form.get_initial_for_field(field, name)), _plain(form.cleaned_data.get(name))
        if old != new:
            changes[name] = [old, new]
    return changes


def _plain(value: Any) -> Any:
    if isinstance(value, Model):
        return str(value.pk)
    if isinstance(value, QuerySet | list):
        return [_plain(item) for item in value]
    return value if value is None or isinstance(value, bool | int | dict) else str(value)
