"""The options of a pixel: what each is called, what it does and which values it takes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import phonenumbers

from adtarget.core.json_document import Node, Reader, flag, mapping, one_of, text

OptionKind = Literal["flag", "mapping", "text", "lines", "events", "choice"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Option:
    """One option: `name` as in `provision` and the pixel's JSON, `label` and `help` for people.

    `read` checks a value and raises WrongField. `kind` decides the field of the form; a `choice` has its
    values with their words in `choices`, the default first; `lines` are a text of several lines, `events` a list of
    event types. `is_common`: shown at once, not under “More”;
    one that is not `is_on_form` is known to `provision` only.
    """

    name: str
    label: str
    help: str
    read: Reader
    kind: OptionKind
    choices: Sequence[tuple[str, str]] = ()
    placeholder: str = ""
    is_common: bool = True
    is_on_form: bool = True


def text_or_number(node: Node) -> str:
    """An id that people write as a string or as a number."""
    is_number = isinstance(node.value, int) and not isinstance(node.value, bool)
    return str(node.value) if is_number else text(256)(node)


def phone_region(node: Node) -> str:
    """A country that phone numbers can be of, in upper case."""
    region = text(2)(node).upper()
    if region not in phonenumbers.SUPPORTED_REGIONS:
        raise node.wrong("must be a country such as DE.")
    return region


def choice(*, name: str, label: str, help: str, choices: Sequence[tuple[str, str]]) -> Option:
    """An option that is one of a few words."""
    values = [value for value, _ in choices]
    return Option(
        name=name, label=label, help=help, read=one_of(values), kind="choice", choices=choices, is_common=False
    )


# ------------------------------------------------------------------ options that several platforms share
EVENT_NAMES = Option(
    name="eventNames",
    label="Other event names",
    help="One a line: our event = the platform's. Empty: the platform's standard names.",
    read=mapping(text(64)),
    kind="mapping",
    placeholder="Lead = Contact",
)
TEST_PIXEL = Option(
    name="testPixel",
    label="Kept for tests",
    help="Test keys and test events go to it. Do not tick it on the pixel your ads learn from.",
    read=flag,
    kind="flag",
)
LIMITED_DATA_USE = Option(
    name="limitedDataUse",
    label="Limited data use",
    help="Asks the platform to use the data as US state privacy laws limit it.",
    read=flag,
    kind="flag",
    is_common=False,
)
DEFAULT_PHONE_REGION = Option(
    name="defaultPhoneRegion",
    label="Country of phone numbers",
    help="Two letters such as DE; taken over by a site that has none.",
    read=phone_region,
    kind="text",
    is_on_form=False,
)
TOKEN_IN_QUERY = Option(
    name="tokenInQuery",
    label="Token in the address",
    help="Sends the token as access_token in the query instead of a header; for a proxy that drops the header.",
    read=flag,
    kind="flag",
    is_common=False,
)
