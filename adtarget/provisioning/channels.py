"""The channels of a site in a document."""

from typing import Any

from adtarget.core.json_document import Field, Node, changes, checked, flag, one_of, text, whole_number
from adtarget.provisioning.bots import read_username
from adtarget.provisioning.rows import Tally, apply, note_unknown
from conversions.choices import EventType
from conversions.money import parse_currency, parse_value
from leads import join_events
from leads.models import Bot, Channel, Site
from leads.models.channel import MOST_STAY_HOURS, TELEGRAM_LINK


def _invite_link(node: Node) -> str:
    link = text(255)(node)
    if not TELEGRAM_LINK.fullmatch(link):
        raise node.wrong("must be a link of Telegram's, such as https://t.me/+AbC….")
    return link


CHANNEL_FIELDS = [
    Field("title", "title", text(255), null=""),
    Field("username", "username", read_username, null=""),
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


def provision_channels(nodes: list[Node], *, site: Site, tally: Tally) -> list[dict[str, str]]:
    defaults = [node.child("default") for node in nodes if node.child("default").value is True]
    if len(defaults) > 1:
        raise defaults[1].wrong("a site has one default channel.")
    return [_channel(node, site=site, tally=tally) for node in nodes]


def _channel(node: Node, *, site: Site, tally: Tally) -> dict[str, str]:
    note_unknown(node, "telegramChannelId", "bot", "furtherBots", *(known.name for known in CHANNEL_FIELDS))
    telegram_id = TELEGRAM_CHANNEL_ID(node.child("telegramChannelId").required())
    channel = Channel.objects.filter(site=site, telegram_channel_id=telegram_id).first()
    channel = channel or Channel(site=site, telegram_channel_id=telegram_id, title=str(telegram_id))
    wanted = changes(node, CHANNEL_FIELDS)
    if node.has("bot"):
        wanted["bot"] = _named_bot(node.child("bot"), site=site)
    _refuse_impossible_events(node, channel, wanted)
    if wanted.get("is_default"):
        join_events.make_room_for_default(channel)
    channel = apply(channel, wanted, tally)
    if node.has("furtherBots"):
        named = [_named_bot(item.required(), site=site) for item in node.items("furtherBots")]
        channel.further_bots.set([bot for bot in named if bot])
    return {"channelId": channel.pk, "telegramChannelId": str(channel.telegram_channel_id)}


def _named_bot(node: Node, *, site: Site) -> Bot | None:
    if node.value is None:
        return None
    bot = Bot.objects.filter(account=site.account, username=read_username(node)).first()
    if bot is None:
        raise node.wrong("is not a bot of this account; name it under bots.")
    return bot


def _refuse_impossible_events(node: Node, channel: Channel, wanted: dict[str, Any]) -> None:
    names = {known.column: known.name for known in CHANNEL_FIELDS}
    found = join_events.problems(lambda column: wanted.get(column, getattr(channel, column)))
    for column, problem in found.items():
        raise node.child(names[column]).wrong(problem)
