"""The options of a postback."""

from adtarget.core.json_document import Node, flag, mapping, one_of, text
from conversions.choices import EventType
from dispatch.platforms.options import TEST_PIXEL, Option, choice, text_or_number
from dispatch.platforms.postback.presets import PRESETS

LONGEST_TEMPLATE = 2048


def event_types(node: Node) -> list[str]:
    """A list of event types, each once."""
    if not isinstance(node.value, list):
        raise node.wrong("must be a list of event types such as Lead.")
    read = one_of(EventType.values)
    return list(dict.fromkeys(read(Node(item, f"{node.path}[{index}]")) for index, item in enumerate(node.value)))


OPTIONS = (
    Option(
        name="template",
        label="Address",
        help="Where events are sent; {macros} are filled in. A key or password goes into the field below as {secret}.",
        read=text(LONGEST_TEMPLATE),
        kind="lines",
        placeholder="https://track.example.com/postback?cid={click_id}&sum={value}",
    ),
    choice(
        name="preset",
        label="Network",
        help="Whose address is called.",
        choices=[("", "None: an address of your own"), *((name, preset.name) for name, preset in PRESETS.items())],
    ),
    Option(
        name="parameters",
        label="Values of the network",
        help="One a line: name = value.",
        read=mapping(text_or_number),
        kind="mapping",
    ),
    Option(
        name="rename",
        label="Their words for our events",
        help="One a line: our event type or custom name = their word. It fills {event} and {status}.",
        read=mapping(text(64)),
        kind="mapping",
        placeholder="Lead = install",
    ),
    Option(
        name="only",
        label="Only these events",
        help="None ticked: all.",
        read=event_types,
        kind="events",
    ),
    Option(
        name="onlyWithValue",
        label="Only with a value",
        help="Events without value and currency are not sent.",
        read=flag,
        kind="flag",
    ),
    Option(
        name="onlyWithClickId",
        label="Only with a click id",
        help="Events without the network's click id are not sent. Always so for the networks known here.",
        read=flag,
        kind="flag",
    ),
    Option(
        name="clickId",
        label="Click id's parameter",
        help="The parameter of the landing page that fills {click_id}. Empty: the usual ones, such as subid.",
        read=text(64),
        kind="text",
        placeholder="subid",
        is_common=False,
    ),
    choice(name="method", label="Method", help="How it is called.", choices=[("GET", "GET"), ("POST", "POST")]),
    Option(
        name="success",
        label="A good answer contains",
        help="Empty: every answer with HTTP 2xx is a success. An answer without this text is tried again.",
        read=text(256),
        kind="text",
        placeholder="OK",
        is_common=False,
    ),
    TEST_PIXEL,
)
