"""Accounts, sites, pixels, channels, bots and keys out of one JSON document (contract, section 12).

What is named is created or updated, a field that is absent stays as it is,
and nothing is deleted. A wrong field is told by its place in the document,
and then nothing at all has changed.
"""

import secrets
from dataclasses import asdict, dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

import structlog
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.db import models, transaction

from adtarget.core.json_document import (
    Field,
    Node,
    WrongField,
    changes,
    checked,
    flag,
    one_of,
    text,
    whole_number,
)
from adtarget.core.page_urls import PARAMETER_NAME
from conversions.choices import EventType
from conversions.money import parse_currency, parse_value
from dispatch import pausing, pixel_options
from dispatch.models import Pixel
from dispatch.platforms.options import phone_region, text_or_number
from dispatch.platforms.registry import PLATFORMS
from leads import api_keys, join_events
from leads.choices import KeyMode, Role
from leads.domains import domain_of
from leads.models import Account, ApiKey, AuditEntry, Bot, Channel, Membership, Site
from leads.models.channel import MOST_STAY_HOURS, TELEGRAM_LINK

__all__ = ["WrongField", "provision"]

log = structlog.get_logger(__name__)

OPS = "ops"  # a role of the document only: an owner who may use the admin as well

Row = TypeVar("Row", bound=models.Model)


@dataclass
class Tally:
    """What one run did, for the audit entry; names only, no secrets."""

    created: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    resumed: list[str] = field(default_factory=list)


@transaction.atomic
def provision(document: Any, *, now: datetime, actor: str) -> dict[str, Any]:
    """Makes the document true and answers with the ids of what it names. Raises WrongField."""
    root, tally = Node(document), Tally()
    _note_unknown(root, "account", "users", "bots", "sites", "apiKeys")
    account = _account(root.child("account").required(), tally)
    for node in root.items("users"):
        _user(node, account=account, tally=tally)
    bots = [_bot(node, account=account, tally=tally) for node in root.items("bots")]
    sites = [_site(node, account=account, now=now, tally=tally) for node in root.items("sites")]
    keys = [_api_key(node, account=account, tally=tally) for node in root.items("apiKeys")]
    AuditEntry.objects.create(
        account=account, actor=actor, action="provision", target=account.name, details=asdict(tally)
    )
    return {"accountId": account.pk, "sites": sites, "bots": bots, "apiKeys": keys}


# ------------------------------------------------------------------ account and people
def _account(node: Node, tally: Tally) -> Account:
    """The account, locked until the run ends, so that two runs come one after the other."""
    name = text(200)(node.child("name").required())
    account = Account.objects.select_for_update().filter(name=name).first() or Account(name=name)
    return _apply(account, {}, tally)


def _user(node: Node, *, account: Account, tally: Tally) -> None:
    """A login and its role. `ops` is granted here; taking it away is done in the admin."""
    _note_unknown(node, "username", "password", "role")
    username = text(150)(node.child("username").required())
    role = one_of([*Role.values, OPS])(node.child("role").required())
    users = get_user_model().objects
    user = users.filter(username=username).first() or users.model(username=username)
    password = node.child("password") if user.pk else node.child("password").required()
    access: dict[str, Any] = {"is_staff": True, "is_superuser": True} if role == OPS else {}
    # The same password set again would end the person's sessions for nothing.
    if password.value is not None and not user.check_password(text(4096)(password)):
        access["password"] = make_password(text(4096)(password))
    user = _apply(user, access, tally)
    membership = Membership.objects.filter(account=account, user=user).first() or Membership(account=account, user=user)
    _apply(membership, {"role": Role.OWNER if role == OPS else Role(role)}, tally)


# ------------------------------------------------------------------ bots
def _bot(node: Node, *, account: Account, tally: Tally) -> dict[str, str]:
    _note_unknown(node, "username", "token")
    username = _username(node.child("username").required())
    bot = Bot.objects.filter(account=account, username=username).first()
    token = node.child("token") if bot else node.child("token").required()
    bot = bot or Bot(account=account, username=username, webhook_secret=secrets.token_urlsafe(32))
    is_new_token = token.value is not None and text(256)(token) != bot.token()
    if is_new_token:
        bot.set_token(text(256)(token))
        bot.last_error = ""
    bot = _apply(bot, {}, tally, is_touched=is_new_token)
    return {
        "botId": bot.pk,
        "username": bot.username,
        "webhookPath": bot.webhook_path,
        "webhookSecret": bot.webhook_secret,
    }


def _username(node: Node) -> str:
    name = text(65)(node)
    return name.removeprefix("@")


# ------------------------------------------------------------------ sites
def _domain(node: Node) -> str:
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
]


def _site(node: Node, *, account: Account, now: datetime, tally: Tally) -> dict[str, Any]:
    lists = ("allowedDomains", "keepParameters", "pixels", "channels")
    _note_unknown(node, "domain", *lists, *(known.name for known in SITE_FIELDS))
    domain = _domain(node.child("domain").required())
    site = Site.objects.filter(account=account, domain=domain).first()
    site = site or Site(account=account, domain=domain, name=domain)
    wanted = changes(node, SITE_FIELDS)
    if node.has("allowedDomains"):
        wanted["allowed_domains"] = [_domain(item) for item in node.items("allowedDomains")]
    if node.has("keepParameters"):
        wanted["kept_query_parameters"] = [_query_parameter(item) for item in node.items("keepParameters")]
    site = _apply(site, wanted, tally)
    return {
        "siteId": site.pk,
        "websiteId": site.website_id,
        "domain": site.domain,
        "pixels": [_pixel(pixel, site=site, now=now, tally=tally) for pixel in node.items("pixels")],
        "channels": _channels(node.items("channels"), site=site, tally=tally),
    }


# ------------------------------------------------------------------ pixels
def _pixel(node: Node, *, site: Site, now: datetime, tally: Tally) -> dict[str, str]:
    _note_unknown(node, "platform", "pixelId", "accessToken", "testEventCode", "options")
    platform = PLATFORMS[one_of(PLATFORMS)(node.child("platform").required())]
    pixel_id = text_or_number(node.child("pixelId").required())
    if problem := pixel_options.pixel_id_problem(platform, pixel_id):
        raise node.child("pixelId").wrong(f"must hold {problem[0].lower()}{problem[1:]}")
    pixel = Pixel.objects.filter(site=site, platform=platform.slug, pixel_id=pixel_id).first()
    credential = pixel_options.credential_node(node, platform)
    credential = credential if pixel else credential.required()
    pixel = pixel or Pixel(site=site, platform=platform.slug, pixel_id=pixel_id)
    options = partial(pixel_options.read_options, platform=platform)
    wanted = changes(
        node,
        [Field("testEventCode", "test_event_code", text(64), null=""), Field("options", "options", options)],
    )
    is_new_credential = credential.value is not None and text(16_384)(credential) != pixel.credential()
    if is_new_credential:
        pixel.set_credential(text(16_384)(credential))
    pixel = _apply(pixel, wanted, tally, is_touched=is_new_credential)
    if is_new_credential and pixel.paused_at:
        pausing.resume(pixel, now=now)
        tally.resumed.append(str(pixel))
    if (region := wanted.get("options", {}).get("defaultPhoneRegion")) and not site.default_phone_region:
        _apply(site, {"default_phone_region": region}, tally)
    return {"platform": pixel.platform, "pixelId": pixel.pixel_id, "id": pixel.pk}


# ------------------------------------------------------------------ channels
def _invite_link(node: Node) -> str:
    link = text(255)(node)
    if not TELEGRAM_LINK.fullmatch(link):
        raise node.wrong("must be a link of Telegram's, such as https://t.me/+AbC….")
    return link


CHANNEL_FIELDS = [
    Field("title", "title", text(255), null=""),
    Field("username", "username", _username, null=""),
    Field("funnelOrder", "funnel_order", whole_number(0, 32_767)),
    Field("default", "is_default", flag),
    Field("inviteLink", "invite_link", _invite_link, null=""),
    Field("eventType", "event_type", one_of(EventType.values), null=""),
    Field("customEventName", "custom_event_name", text(40), null=""),
    Field("value", "value", checked(parse_value), null=None),
    Field("currency", "currency", checked(parse_currency), null=""),
    Field("autoFire", "auto_fire", flag),
    Field("usesJoinRequests", "uses_join_requests", flag),
    Field("autoApprove", "auto_approve", flag),
    Field("stayHours", "stay_hours", whole_number(0, MOST_STAY_HOURS), null=0),
]
TELEGRAM_CHANNEL_ID = whole_number(-(2**63), 2**63 - 1)


def _channels(nodes: list[Node], *, site: Site, tally: Tally) -> list[dict[str, str]]:
    defaults = [node.child("default") for node in nodes if node.child("default").value is True]
    if len(defaults) > 1:
        raise defaults[1].wrong("a site has one default channel.")
    return [_channel(node, site=site, tally=tally) for node in nodes]


def _channel(node: Node, *, site: Site, tally: Tally) -> dict[str, str]:
    _note_unknown(node, "telegramChannelId", "bot", *(known.name for known in CHANNEL_FIELDS))
    telegram_id = TELEGRAM_CHANNEL_ID(node.child("telegramChannelId").required())
    channel = Channel.objects.filter(site=site, telegram_channel_id=telegram_id).first()
    channel = channel or Channel(site=site, telegram_channel_id=telegram_id, title=str(telegram_id))
    wanted = changes(node, CHANNEL_FIELDS)
    if node.has("bot"):
        wanted["bot"] = _named_bot(node.child("bot"), site=site)
    _refuse_impossible_events(node, channel, wanted)
    if wanted.get("is_default"):
        join_events.make_room_for_default(channel)
    channel = _apply(channel, wanted, tally)
    return {"channelId": channel.pk, "telegramChannelId": str(channel.telegram_channel_id)}


def _named_bot(node: Node, *, site: Site) -> Bot | None:
    if node.value is None:
        return None
    bot = Bot.objects.filter(account=site.account, username=_username(node)).first()
    if bot is None:
        raise node.wrong("is not a bot of this account; name it under bots.")
    return bot


def _refuse_impossible_events(node: Node, channel: Channel, wanted: dict[str, Any]) -> None:
    names = {known.column: known.name for known in CHANNEL_FIELDS}
    found = join_events.problems(lambda column: wanted.get(column, getattr(channel, column)))
    for column, problem in found.items():
        raise node.child(names[column]).wrong(problem)


# ------------------------------------------------------------------ keys
def _api_key(node: Node, *, account: Account, tally: Tally) -> dict[str, str]:
    """An active key of this name, site and mode; made where there is none, and only then with its token."""
    _note_unknown(node, "name", "site", "mode")
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
    site = Site.objects.filter(account=account, domain=_domain(node)).first()
    if site is None:
        raise node.wrong("is not a site of this account; name it by its domain.")
    return site


# ------------------------------------------------------------------ rows
def _apply(row: Row, wanted: dict[str, Any], tally: Tally, *, is_touched: bool = False) -> Row:
    """The row with the wanted columns, saved where it is new, differs or was touched already."""
    is_new = row._state.adding
    different = {column: value for column, value in wanted.items() if getattr(row, column, None) != value}
    for column, value in different.items():
        setattr(row, column, value)
    if is_new or different or is_touched:
        row.save()
        (tally.created if is_new else tally.updated).append(f"{row._meta.verbose_name} {row}")
    return row


def _note_unknown(node: Node, *known: str) -> None:
    """A misspelt field would otherwise be missed in silence."""
    for name in node.names():
        if name not in known:
            log.warning("provision: unknown field ignored", field=node.child(name).path)
