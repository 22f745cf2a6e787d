"""The API's description tells integrators what is true, in the words of the API."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

import conversions.schema
import dispatch.schema
import leads.schema
from adtarget.core.errors import ErrorCode
from dispatch import reasons
from dispatch.webhooks.choices import WebhookEvent
from tests.documented import document as described

VERBS = ("get", "post", "patch", "delete")


def operations() -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (path, verb, operation)
        for path, verbs in described()["paths"].items()
        for verb, operation in verbs.items()
        if verb in VERBS
    ]


def test_path_parameters_are_written_in_camel_case() -> None:
    assert "/api/v1/leads/{telegramUserId}/conversions/{conversionId}/value" in described()["paths"]
    for path, _, operation in operations():
        named = [one["name"] for one in operation.get("parameters", []) if one["in"] == "path"]
        assert sorted(named) == sorted(re.findall(r"{(\w+)}", path))
        assert not any("_" in name for name in named)


def test_each_operation_says_what_it_is_for() -> None:
    for path, verb, operation in operations():
        assert operation["summary"], (path, verb)
        assert operation["description"] not in ("", operation["summary"]), (path, verb)
        assert "before any endpoint" not in operation["description"], (path, verb)
        assert all(one["description"] for one in operation.get("parameters", [])), (path, verb)


def test_each_operation_names_its_refusals() -> None:
    for path, verb, operation in operations():
        expected = {"400", "404", "405", "429", "500", "503"} | ({"401"} if path.startswith("/api/") else {"403"})
        assert expected <= set(operation["responses"]), (path, verb)
        assert ("413" in operation["responses"]) == (verb in ("post", "patch")), (path, verb)


@pytest.mark.parametrize(
    ("example", "component"),
    [
        (conversions.schema.CONVERSION, "ConversionDetail"),
        (dispatch.schema.SEND_DETAIL, "SendDetail"),
        (dispatch.schema.ATTEMPT, "Attempt"),
        (leads.schema.LEAD, "Lead"),
        (conversions.schema.CREATED, "Conversion"),
        (leads.schema.CHANNELS["channels"][0], "Channel"),
    ],
)
def test_an_example_has_only_what_is_answered(example: dict[str, Any], component: str) -> None:
    schemas = described()["components"]["schemas"]
    (name,) = [name for name in schemas if name in (component, f"{component}Answer")]
    assert set(example) <= set(schemas[name]["properties"])


# ------------------------------------------------------------------ every field, parameter, header
def everything_named() -> Iterator[tuple[str, dict[str, Any]]]:
    """Fields, parameters and headers, each by where it stands."""
    components = described()["components"]
    for component, schema in components["schemas"].items():
        for name, field in schema.get("properties", {}).items():
            yield f"{component}.{name}", field
    for name, header in components["headers"].items():
        yield f"header {name}", header
    for path, verb, operation in operations():
        for parameter in operation.get("parameters", []):
            yield f"{verb} {path} {parameter['name']}", parameter


def test_everything_named_is_described() -> None:
    bare = [where for where, what in everything_named() if not what.get("description")]
    assert bare == [], "Add them to adtarget/openapi/words.py."


def test_everything_named_has_an_example() -> None:
    bare = [where for where, what in everything_named() if not {"example", "examples"} & set(what)]
    assert bare == [], "Add them to adtarget/openapi/words.py."


def test_each_component_is_described() -> None:
    schemas = described()["components"]["schemas"]
    assert [name for name, schema in schemas.items() if not schema.get("description")] == []


def test_error_codes_and_reasons_are_enumerated() -> None:
    schemas = described()["components"]["schemas"]
    assert set(schemas["ErrorCode"]["enum"]) == {code.value for code in ErrorCode}
    assert set(schemas["Reason"]["enum"]) == set(reasons.codes())


def test_every_type_of_message_is_described() -> None:
    assert set(described()["webhooks"]) == {event.value for event in WebhookEvent}


def test_no_component_has_a_name_that_languages_use() -> None:
    taken = {"error", "exception", "null", "list", "object", "string", "type", "event", "request", "response"}
    assert taken & {name.lower() for name in described()["components"]["schemas"]} == set()


def test_the_trackers_endpoints_need_no_key() -> None:
    tracker = [operation for path, _, operation in operations() if path.startswith("/backend/")]
    assert [operation["security"] for operation in tracker] == [[], [], []]
