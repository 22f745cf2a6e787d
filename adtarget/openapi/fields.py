"""Gives each field and parameter of the OpenAPI document its description and example, from `words`."""

from typing import Any

from adtarget.openapi.words import WORDS

#: Parameters whose name means something else as a field.
_PARAMETERS: dict[str, Any] = {
    "Idempotency-Key": "order-1001",
    "X-Adtarget-Client-IP": "203.0.113.9",
    "X-Adtarget-Client-User-Agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X)",
    "before": "1792000000000",
    "cursor": "MTc5MjAwMDAwMDAwMDAwMDpjbnZfMQ==",
    "format": "json",
    "limit": 50,
    "reason": "rejected",
    "sendStatus": "failed",
    "since": 1792000000000,
    "status": "failed",
    "until": 1792086400000,
}


def describe(schemas: dict[str, Any]) -> None:
    """Completes the fields of all components. A field that `words` lacks stays bare, which a test finds."""
    for component, schema in schemas.items():
        for name, field in schema.get("properties", {}).items():
            schema["properties"][name] = _described(component, name, field)
    for schema in schemas.values():
        for field in schema.get("properties", {}).values():
            if field["description"]:
                field.setdefault("examples", [_example(field, schemas)])


def exemplify(parameter: dict[str, Any]) -> None:
    """Completes one parameter."""
    name = parameter["name"]
    words, example = WORDS.get(name, ("", None))
    if not parameter.get("description") and words:
        parameter["description"] = words
    if "example" not in parameter:
        example = _PARAMETERS.get(name, example)
        if example is not None:
            parameter["example"] = example


def _described(component: str, name: str, field: dict[str, Any]) -> dict[str, Any]:
    words, example = WORDS.get(f"{component}.{name}") or WORDS.get(name) or ("", None)
    if "$ref" in field:
        field = {"allOf": [{"$ref": field["$ref"]}], **{key: value for key, value in field.items() if key != "$ref"}}
    field.setdefault("description", words)
    if "example" in field:
        example = field.pop("example")
    if example is not None:
        field["examples"] = [example]
    return field


def _example(schema: dict[str, Any], schemas: dict[str, Any]) -> Any:
    """An example made of what is inside: of an object the fields it always has, of an enum its first value."""
    if "examples" in schema:
        return schema["examples"][0]
    if "$ref" in schema:
        return _example(schemas[schema["$ref"].rpartition("/")[2]], schemas)
    for several in ("allOf", "oneOf"):
        if several in schema:
            return _example(schema[several][0], schemas)
    if "enum" in schema:
        return schema["enum"][0]
    if schema.get("type") == "array":
        return [_example(schema["items"], schemas)]
    fields = schema.get("properties", {})
    always = schema.get("required") or fields
    return {name: _example(field, schemas) for name, field in fields.items() if name in always}
