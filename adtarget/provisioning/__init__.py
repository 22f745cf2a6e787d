"""Creates and updates accounts, sites, pixels, channels, bots and keys from one JSON document.

A field that is absent stays as it is, and nothing is deleted. A wrong field
is named by its place in the document, and then nothing has changed.
"""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.db import transaction

from adtarget.core.json_document import Node, WrongField
from adtarget.provisioning.accounts import OPS, provision_account, provision_user
from adtarget.provisioning.bots import provision_bot
from adtarget.provisioning.keys import provision_api_key
from adtarget.provisioning.rows import Tally, note_unknown
from adtarget.provisioning.sites import provision_site
from leads.models import AuditEntry

__all__ = ["OPS", "WrongField", "provision"]


@transaction.atomic
def provision(document: Any, *, now: datetime, actor: str) -> dict[str, Any]:
    """Creates and updates what the document names; answers with its ids. Raises WrongField."""
    root, tally = Node(document), Tally()
    note_unknown(root, "account", "users", "bots", "sites", "apiKeys")
    account = provision_account(root.child("account").required(), tally)
    for node in root.items("users"):
        provision_user(node, account=account, tally=tally)
    bots = [provision_bot(node, account=account, tally=tally) for node in root.items("bots")]
    sites = [provision_site(node, account=account, now=now, tally=tally) for node in root.items("sites")]
    keys = [provision_api_key(node, account=account, tally=tally) for node in root.items("apiKeys")]
    AuditEntry.objects.create(
        account=account, actor=actor, action="provision", target=account.name, details=asdict(tally)
    )
    return {"accountId": account.pk, "sites": sites, "bots": bots, "apiKeys": keys}
