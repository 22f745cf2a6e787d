"""What is made from the API's description is current."""

import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from adtarget.api.collection import collection
from adtarget.management.commands import write_api_files

ROOT = Path(__file__).parents[2]
SCHEMA = {
    "paths": {
        "/api/v1/things/{thingId}": {
            "post": {
                "operationId": "changeThing",
                "tags": ["Things"],
                "security": [{"key": []}],
                "parameters": [
                    {"name": "thingId", "in": "path", "schema": {"type": "string", "example": "thg_1"}},
                    {"name": "dry", "in": "query", "schema": {"type": "boolean"}},
                ],
                "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}},
            }
        }
    },
    "components": {
        "schemas": {
            "Thing": {
                "type": "object",
                "required": ["name", "kind"],
                "properties": {
                    "name": {"type": "string", "examples": ["Ada"]},
                    "kind": {"enum": ["a", "b"]},
                    "more": {"type": "integer"},
                },
            }
        }
    },
}


def test_the_files_are_current() -> None:
    call_command("write_api_files", "--check")


def test_an_old_file_is_noticed(settings, tmp_path) -> None:
    settings.BASE_DIR = tmp_path
    with pytest.raises(CommandError, match="Run manage"):
        call_command("write_api_files", "--check")


def test_a_written_collection_is_current(settings, tmp_path) -> None:
    settings.BASE_DIR = tmp_path
    stale = tmp_path / write_api_files.BRUNO / "gone.bru"
    stale.parent.mkdir(parents=True)
    stale.touch()
    call_command("write_api_files")
    call_command("write_api_files", "--check")
    assert not stale.exists()


def test_a_request_names_address_key_and_body() -> None:
    request = collection(SCHEMA)["Things/changeThing.bru"]
    assert "url: {{baseUrl}}/api/v1/things/:thingId" in request
    assert "thingId: thg_1" in request
    assert "~dry: true" in request
    assert "token: {{apiKey}}" in request
    body = request.split("body:json {")[1].rsplit("}", 1)[0]
    assert json.loads(body) == {"name": "Ada", "kind": "a"}


def test_every_documented_page_stands_in_llms_txt() -> None:
    listed = (ROOT / "llms.txt").read_text()
    pages = [*ROOT.glob("docs/*.md"), *ROOT.glob("clients/*/README.md")]
    assert [str(page.relative_to(ROOT)) for page in pages if str(page.relative_to(ROOT)) not in listed] == []
