"""The sites of a document, each with its pixels and channels."""

from datetime import datetime
from typing import Any

from adtarget.core.json_document import Field, Node, changes, one_of, text
from adtarget.provisioning.channels import provision_channels
from adtarget.provisioning.pixels import provision_pixel
from adtarget.provisioning.rows import Tally, apply, note_unknown
from dispatch.page_urls import PARAMETER_NAME
from dispatch.platforms.options import phone_region
from leads.choices import ConsentPolicy
from leads.domains import domain_of
from leads.models import Account, Site


def read_domain(node: Node) -> str:
    try:
        return domain_of(text(253)(node))
    except ValueError as error:
        raise node.wrong(str(error)) from error


def _query_parameter(node: Node) -> str:
    name = text(64)(node)
    if not PARAMETER_NAME.fullmatch(name):
        raise node.wrong("must be the name of a query parameter such as plan.")
    return name


SITE_FIELDS = [
    Field("name", "name", text(200)),
    Field("defaultPhoneRegion", "default_phone_region", phone_region, null=""),
    Field("consent", "consent_policy", one_of(ConsentPolicy.values)),
]


def provision_site(node: Node, *, account: Account, now: datetime, tally: Tally) -> dict[str, Any]:
    lists = ("allowedDomains", "keepParameters", "pixels", "channels")
    note_unknown(node, "domain", *lists, *(known.name for known in SITE_FIELDS))
    domain = read_domain(node.child("domain").required())
    site = Site.objects.filter(account=account, domain=domain).first()
    site = site or Site(account=account, domain=domain, name=domain)
    site = apply(site, _wanted(node), tally)
    return {
        "siteId": site.pk,
        "websiteId": site.website_id,
        "domain": site.domain,
        "pixels": [provision_pixel(pixel, site=site, now=now, tally=tally) for pixel in node.items("pixels")],
        "channels": provision_channels(node.items("channels"), site=site, tally=tally),
    }


def _wanted(node: Node) -> dict[str, Any]:
    wanted = changes(node, SITE_FIELDS)
    if node.has("allowedDomains"):
        wanted["allowed_domains"] = [read_domain(item) for item in node.items("allowedDomains")]
    if node.has("keepParameters"):
        wanted["kept_query_parameters"] = [_query_parameter(item) for item in node.items("keepParameters")]
    return wanted
