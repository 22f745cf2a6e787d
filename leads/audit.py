"""The audit trail: who changed what, when and from where. Entries are only ever added."""

from collections.abc import Mapping
from typing import Any

from leads.models import Account, AuditEntry


def record(
    *,
    actor: str,
    action: str,
    target: str,
    account: Account | None = None,
    details: Mapping[str, Any] | None = None,
    client_ip: str | None = None,
) -> AuditEntry:
    """Keeps that `actor` did `action` to `target`; call it in the transaction of the deed, never with secrets."""
    return AuditEntry.objects.create(
        account=account,
        actor=actor[:200],
        action=action,
        target=target[:200],
        details=dict(details or {}),
        client_ip=client_ip or None,
    )
