"""The two hooks of drf-spectacular (SPECTACULAR_SETTINGS): one before enums are named, one at the end."""

import re
from typing import Any

from adtarget.openapi import answers, fields, tracker, webhooks
from dispatch import reasons

Document = dict[str, Any]
_NULL = {"$ref": "#/components/schemas/Null"}


def add_operations(result: Document, generator: Any, request: Any, public: bool) -> Document:
    """Adds the tracker's endpoints and the webhook messages, which are no views of DRF."""
    result["paths"] |= tracker.operations(generator.registry)
    result["webhooks"] = webhooks.messages(generator.registry)
    result["components"] = generator.registry.build({})
    return result


def finish(result: Document, generator: Any, request: Any, public: bool) -> Document:
    """Adds refusals, headers, and the description and example of each field."""
    result["paths"] = {_camel_in_braces(path): operations for path, operations in result["paths"].items()}
    for path, operations in result["paths"].items():
        for verb, operation in operations.items():
            _name_path_parameters(operation)
            answers.add_refusals(path, verb, operation)
    result["components"] = _completed(_without_null_component(result["components"]))
    for operation in _all_operations(result):
        for parameter in operation.get("parameters", []):
            fields.exemplify(parameter)
    return result


def _completed(components: Document) -> Document:
    components["schemas"] |= answers.SCHEMAS
    components |= {"headers": answers.HEADERS, "responses": answers.RESPONSES}
    components["schemas"]["Reason"]["description"] = _reasons_in_words()
    fields.describe(components["schemas"])
    return components


def _without_null_component(components: Document) -> Document:
    """Writes null where drf-spectacular refers to a component for it."""
    schemas = {name: schema for name, schema in components["schemas"].items() if name != "Null"}
    for schema in schemas.values():
        for field in schema.get("properties", {}).values():
            if "oneOf" in field:
                field["oneOf"] = [{"type": "null"} if one == _NULL else one for one in field["oneOf"]]
    return {**components, "schemas": schemas}


def _all_operations(result: Document) -> list[dict[str, Any]]:
    groups = [*result["paths"].values(), *result["webhooks"].values()]
    return [operation for operations in groups for operation in operations.values()]


def _reasons_in_words() -> str:
    words = ((code, reasons.words_of(code)) for code in reasons.codes())
    return "\n".join(f"* `{code}` - {each.meaning} {each.advice}" for code, each in words)


def _name_path_parameters(operation: dict[str, Any]) -> None:
    """Writes path parameters in camelCase; Django's URL converters are Python names."""
    for parameter in operation.get("parameters", []):
        if parameter["in"] == "path":
            parameter["name"] = _camel(parameter["name"])
            parameter["description"] = _PATH_WORDS[parameter["name"]]


def _camel_in_braces(path: str) -> str:
    return re.sub(r"\{(\w+)\}", lambda found: f"{{{_camel(found[1])}}}", path)


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(map(str.title, others))


_PATH_WORDS = {
    "telegramUserId": "The person's id at Telegram.",
    "conversionId": "As the answer to the event named it: cnv_….",
    "sendId": "As the conversion names it: snd_….",
    "webhookId": "As it was answered when it was registered: whk_….",
    "messageId": "As the list of messages names it: msg_….",
}
