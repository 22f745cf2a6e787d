"""The API's description tells integrators what is true, in the words of the API."""

import re
from functools import cache
from typing import Any

import pytest
from drf_spectacular.generators import SchemaGenerator

import conversions.schema
import dispatch.schema
import leads.schema

VERBS = ("get", "post", "patch", "delete")


@cache
def described() -> dict[str, Any]:
    return dict(SchemaGenerator().get_schema(request=None, public=True))


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
        expected = {"400", "401", "404", "405", "429", "500", "503"}
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
