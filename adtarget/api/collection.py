"""The API's description as a Bruno collection: one request a file.

The format is that of docs.usebruno.com, "Bru Lang" (read November 2026).
"""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

Schema = Mapping[str, Any]
METHODS = ("get", "post", "put", "patch", "delete")
_ENVIRONMENT = """vars {
  baseUrl: http://localhost:8000
}
vars:secret [
  apiKey
]
"""
_ABOUT = {"version": "1", "name": "AdTarget", "type": "collection", "ignore": []}


def collection(schema: Schema) -> dict[str, str]:
    """The files of the collection by their path in it."""
    found = {"bruno.json": json.dumps(_ABOUT, indent=2) + "\n", "environments/local.bru": _ENVIRONMENT}
    operations = (
        (path, method, operation)
        for path, methods in schema["paths"].items()
        for method, operation in methods.items()
        if method in METHODS
    )
    seen: Counter[str] = Counter()
    for path, method, operation in operations:
        folder = re.sub(r"[^\w -]", "", (operation.get("tags") or ["api"])[0])
        seen[folder] += 1
        found[f"{folder}/{operation['operationId']}.bru"] = _request(schema, path, method, operation, seen[folder])
    return found


def _request(schema: Schema, path: str, method: str, operation: Schema, number: int) -> str:
    parameters = [_resolved(schema, parameter) for parameter in operation.get("parameters", [])]
    body = operation.get("requestBody", {}).get("content", {}).get("application/json")
    has_key = operation.get("security", [{}]) != [{}]
    address = re.sub(r"{(\w+)}", r":\1", path)
    blocks = [
        _block("meta", {"name": operation["operationId"], "type": "http", "seq": str(number)}),
        _block(
            method,
            {
                "url": f"{{{{baseUrl}}}}{address}",
                "body": "json" if body else "none",
                "auth": "bearer" if has_key else "none",
            },
        ),
    ]
    for place, name in (("params:path", "path"), ("params:query", "query"), ("headers", "header")):
        optional = "~" if name != "path" else ""
        wanted = {f"{optional}{one['name']}": _text(_example(schema, one)) for one in parameters if one["in"] == name}
        blocks += [_block(place, wanted)] if wanted else []
    if has_key:
        blocks.append(_block("auth:bearer", {"token": "{{apiKey}}"}))
    if body:
        text = json.dumps(_body(schema, body), indent=2, ensure_ascii=False)
        blocks.append("body:json {\n" + "\n".join(f"  {line}" for line in text.splitlines()) + "\n}\n")
    if words := operation.get("description"):
        blocks.append("docs {\n" + "\n".join(f"  {line}".rstrip() for line in words.splitlines()) + "\n}\n")
    return "\n".join(blocks)


def _block(name: str, entries: Mapping[str, str]) -> str:
    return f"{name} {{\n" + "".join(f"  {key}: {value}".rstrip() + "\n" for key, value in entries.items()) + "}\n"


def _body(schema: Schema, body: Schema) -> Any:
    """The first example of a request, or one made of what it requires."""
    examples = [example["value"] for example in body.get("examples", {}).values() if "value" in example]
    return examples[0] if examples else _sample(schema, body.get("schema", {}))


def _sample(schema: Schema, wanted: Schema) -> Any:
    wanted = _resolved(schema, wanted)
    if "example" in wanted:
        return wanted["example"]
    for name in ("examples", "enum"):
        if wanted.get(name):
            return next(iter(wanted[name]))
    if "allOf" in wanted or "oneOf" in wanted or "anyOf" in wanted:
        return _sample(schema, next(iter(wanted.get("allOf") or wanted.get("oneOf") or wanted["anyOf"])))
    return _of_type(schema, wanted)


def _of_type(schema: Schema, wanted: Schema) -> Any:
    kind = next(iter(_kinds(wanted)), "object")
    if kind == "object":
        inner = wanted.get("properties", {})
        return {name: _sample(schema, inner[name]) for name in wanted.get("required", []) if name in inner}
    if kind == "array":
        return [_sample(schema, wanted.get("items", {}))]
    return {"integer": 1, "number": 1.5, "boolean": True}.get(kind, "")


def _kinds(wanted: Schema) -> Iterator[str]:
    kind = wanted.get("type")
    yield from (one for one in ([kind] if isinstance(kind, str) else kind or []) if one != "null")


def _example(schema: Schema, parameter: Schema) -> Any:
    return parameter["example"] if "example" in parameter else _sample(schema, parameter.get("schema", {}))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _resolved(schema: Schema, wanted: Schema) -> Schema:
    """What a reference of the document leads to."""
    while "$ref" in wanted:
        found: Any = schema
        for part in wanted["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        wanted = found
    return wanted
