"""Checks what people enter for a pixel: its id, its options, its credential. Forms and `provision` share it."""

import json
from collections.abc import Mapping
from typing import Any

from adtarget.core.json_document import Node
from dispatch import sending
from dispatch.platforms.base import ANY_PIXEL_ID, Platform
from dispatch.platforms.options import Option
from dispatch.webhooks.targets import WrongTarget
from leads.models import Site

CREDENTIALS = "credentials"  # among the options of a `provision` document; kept encrypted, never among a pixel's


def option_of(platform: Platform, name: str) -> Option | None:
    """The platform's option of that name."""
    return next((option for option in platform.options if option.name == name), None)


def read_options(node: Node, platform: Platform) -> dict[str, Any]:
    """The options without null and without the credential. Raises WrongField; unknown ones are kept as they are."""
    found: dict[str, Any] = {}
    for name in node.names():
        child, option = node.child(name), option_of(platform, name)
        if name != CREDENTIALS and child.value is not None:
            found[name] = option.read(child) if option else child.value
    return _without_secret(checked(node, found, platform), platform)


def checked(node: Node, found: dict[str, Any], platform: Platform) -> dict[str, Any]:
    """The options, where they fit together and lead to an address that events may go to. Raises WrongField."""
    if problem := platform.options_problem(found):
        raise node.child(problem[0]).wrong(problem[1])
    if address := platform.address_of(found):
        try:
            sending.check_address(address)
        except WrongTarget as wrong:
            raise node.child("template" if found.get("template") else "parameters").wrong(str(wrong)) from wrong
    return found


def _without_secret(found: dict[str, Any], platform: Platform) -> dict[str, Any]:
    """The options without a secret that was given among them: `credential_node` reads it."""
    option, name = platform.secret_among(found)
    if isinstance(given := found.get(option), dict):
        found[option] = {key: value for key, value in given.items() if key != name}
    return found


def pixel_id_problem(platform: Platform, pixel_id: str) -> str:
    """What is wrong with a pixel's id, in words; '' where nothing is."""
    if platform.pixel_id_form.fullmatch(pixel_id):
        return ""
    if platform.pixel_id_form is ANY_PIXEL_ID:
        return "Letters, digits, - and _ only."
    return f"This does not look like {platform.name}'s {platform.words.pixel_id}. {platform.words.where_pixel_id}"


def credential_problem(platform: Platform, written: str) -> str:
    """What is wrong with a credential; '' where nothing is. One that is no JSON is a token and taken as it is."""
    if not written.startswith("{"):
        return ""
    try:
        given = json.loads(written)
    except ValueError:
        return "This is no valid JSON."
    if not platform.credential_kinds:
        return f"{platform.name} takes no JSON here."
    words = platform.words.json_credential
    return "" if platform.knows_credential(given) else f"{words[0].upper()}{words[1:]} are needed."


def credential_node(node: Node, platform: Platform) -> Node:
    """The credential in a pixel of a `provision` document, still with its place: a token, or JSON as text."""
    options = node.child("options")
    given = options.child(CREDENTIALS) if options.value is not None else options
    option, name = platform.secret_among(options.value or {})
    if option and options.child(option).value is not None and options.child(option).has(name):
        return options.child(option).child(name)
    if not platform.credential_kinds or given.value is None:
        return node.child("accessToken")
    if not platform.knows_credential(given.names()):
        raise given.wrong(f"must be {platform.words.json_credential}.")
    return Node(json.dumps(given.value, sort_keys=True), given.path)


def as_lines(mapping: Mapping[str, str] | None) -> str:
    """A mapping as people type it: `Lead = 123` a line."""
    return "\n".join(f"{name} = {value}" for name, value in (mapping or {}).items())


def from_lines(text: str) -> dict[str, str]:
    """The mapping that lines spell out; ValueError names the line that is no pair."""
    pairs: dict[str, str] = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        name, sign, value = (part.strip() for part in line.partition("="))
        if not (name and sign and value):
            raise ValueError(f"“{line[:60]}” is no pair such as Lead = 7654321.")
        pairs[name] = value
    return pairs


def missing_parameters(site: Site, platform: Platform, options: Mapping[str, Any]) -> list[str]:
    """Parameters of the landing page that a pixel reads and its site does not keep yet."""
    kept = {name.lower() for name in site.kept_query_parameters}
    return [name for name in platform.parameters_read(options) if name.lower() not in kept]
