"""Audit entries of what is done in the dashboard."""

from typing import Any

from django.http import HttpRequest

from adtarget.core.client_context import audited_address
from adtarget.dashboard.access import Access
from leads import audit


def note(request: HttpRequest, access: Access, action: str, target: str, **details: Any) -> None:
    """Adds an entry; call it in the transaction of the change."""
    audit.record(
        account=access.account,
        actor=access.user.get_username(),
        action=action,
        target=target,
        details=details,
        client_ip=audited_address(request),
    )
