"""The address of a postback: a template with macros, filled for each event. Pure."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlsplit

from dispatch.platforms.postback.presets import PRESETS, Preset

#: What each macro of an event is filled with where there is no event: in the form, and in checks of the address.
EXAMPLES = {
    "click_id": "Ab12-Cd34",
    "event": "Lead",
    "status": "lead",
    "value": "49.9",
    "currency": "USD",
    "order_id": "A-1001",
    "event_id": "cnv_01JA",
    "conversion_id": "cnv_01JA",
    "time": "1790000000",
    "time_ms": "1790000000000",
    "telegram_user_id": "7000000001",
    "campaign": "spring",
    "ad": "video-2",
}
SECRET, PARAMETER, HIDDEN = "secret", "param:", "…"
_MACRO = re.compile(r"\{([a-z_]+(?::[^{}]{1,64})?)\}")
_NEED = re.compile(r"\[([a-z_]+)\]")


def preset_of(options: Mapping[str, Any]) -> Preset | None:
    return PRESETS.get(str(options.get("preset", "")))


def template_of(options: Mapping[str, Any], secret: str = "") -> str:
    """The pixel's template with the values of its set-up in place; macros are left."""
    preset = preset_of(options)
    if preset is None:
        return str(options.get("template") or "")
    given = {preset.secret: secret, **_parameters(options)}
    tracker = str(given.get("tracker") or "").strip().rstrip("/")
    given["tracker"] = tracker.partition("://")[2] or tracker
    template = preset.template
    if tracker.startswith("http://"):  # one of our own network, where that is allowed
        template = template.replace("https://", "http://", 1)
    return _NEED.sub(
        lambda hit: quote(str(given.get(hit[1]) or "").strip(), safe=":" * (hit[1] == "tracker")), template
    )


def _parameters(options: Mapping[str, Any]) -> dict[str, Any]:
    given = options.get("parameters")
    return dict(given) if isinstance(given, Mapping) else {}


def macros_in(template: str) -> list[str]:
    """The names of a template's macros, each once."""
    return list(dict.fromkeys(_MACRO.findall(template)))


def is_parameter(macro: str) -> bool:
    return macro.startswith(PARAMETER)


def is_known(macro: str) -> bool:
    return macro in EXAMPLES or macro == SECRET or is_parameter(macro)


def filled(template: str, values: Mapping[str, str], secret: str = "") -> str:
    """The address with each macro URL-encoded; what is not known is empty."""
    known = {**values, SECRET: secret}
    return _MACRO.sub(lambda hit: quote(known.get(hit[1], ""), safe="") if is_known(hit[1]) else hit[0], template)


def shown(options: Mapping[str, Any], values: Mapping[str, str]) -> str:
    """The address without its secrets: of one that people typed only its host and what holds a macro."""
    if preset := preset_of(options):
        hidden = {**options, "parameters": _parameters(options) | {preset.secret: HIDDEN}}
        return filled(template_of(hidden), values).replace(quote(HIDDEN), HIDDEN)
    origin, slash, rest = _after_host(template_of(options))
    path, mark, query = rest.partition("?")
    segments = "/".join(each if not each or _MACRO.search(each) else HIDDEN for each in path.split("/"))
    return filled(
        f"{origin}{slash}{segments}{mark}{'&'.join(map(_without_value, query.split('&')))}", values, HIDDEN
    ).replace(quote(HIDDEN), HIDDEN)


def _after_host(template: str) -> tuple[str, str, str]:
    scheme, sign, rest = template.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}{sign}{host.rpartition('@')[2]}", slash, path


def _without_value(pair: str) -> str:
    name, sign, value = pair.partition("=")
    return pair if not value or _MACRO.search(value) else f"{name}{sign}{HIDDEN}"


def problem(options: Mapping[str, Any]) -> tuple[str, str] | None:
    """The option that is wrong, and what is wrong with it; None where nothing is."""
    template = str(options.get("template") or "")
    if preset := preset_of(options):
        missing = [need for need in preset.needs if not (need.is_secret or _parameters(options).get(need.name))]
        if template:
            return "template", "Give a preset or a template, not both."
        return ("parameters", f"{preset.name} needs {missing[0].name}. {missing[0].where}") if missing else None
    if not template:
        return "template", "Give the address to call, such as https://track.example.com/postback?cid={click_id}."
    if "{" in _after_host(template)[0]:
        return "template", "The host holds no macros: an event must not choose where it goes."
    unknown = next((macro for macro in macros_in(template) if not is_known(macro)), "")
    known = f"Known are {', '.join(EXAMPLES)}, {SECRET} and {PARAMETER}NAME."
    return ("template", f"There is no macro {{{unknown}}}. {known}") if unknown else None


def at_stand_in(url: str, api_url: str) -> str:
    """The same address at a stand-in for all of them, such as the demo's sandbox."""
    parts = urlsplit(url)
    return f"{api_url}/postback/{parts.netloc}{parts.path}?{parts.query}"
