"""The API keys of a document."""

from adtarget.core.json_document import Node, one_of, text
from adtarget.provisioning.rows import Tally, note_unknown
from adtarget.provisioning.sites import read_domain
from leads import api_keys
from leads.choices import KeyMode
from leads.models import Account, ApiKey, Site


def provision_api_key(node: Node, *, account: Account, tally: Tally) -> dict[str, str]:
    """An active key of this name, site and mode; made where there is none, and only then with its token."""
    note_unknown(node, "name", "site", "mode")
    name = text(200)(node.child("name").required())
    mode = KeyMode(one_of(KeyMode.values)(node.child("mode"))) if node.child("mode").value else KeyMode.LIVE
    site = _named_site(node.child("site"), account=account)
    key = ApiKey.objects.active().filter(account=account, site=site, name=name, mode=mode).first()
    if key:
        return {"name": key.name, "prefix": key.prefix}
    try:
        key, token = api_keys.create_key(account=account, site=site, name=name, mode=mode)
    except api_keys.TooManyKeys as error:
        raise node.wrong(str(error)) from error
    tally.created.append(f"API key {key}")
    return {"name": key.name, "prefix": key.prefix, "token": token}


def _named_site(node: Node, *, account: Account) -> Site | None:
    if node.value is None:
        return None
    site = Site.objects.filter(account=account, domain=read_domain(node)).first()
    if site is None:
        raise node.wrong("is not a site of this account; name it by its domain.")
    return site
