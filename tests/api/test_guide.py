"""The requests of docs/api-guide.md, as they stand there, against the API."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from adtarget.core.errors import ErrorCode

pytestmark = pytest.mark.django_db
GUIDE = (Path(__file__).parents[2] / "docs" / "api-guide.md").read_text()
BODIES = re.findall(r"\"\$URL([^\"]+)\"[^`]*?-d '(\{.*?\})'", GUIDE, flags=re.DOTALL)


@pytest.fixture
def known_person(api: Any, site: Any, channel: Any) -> None:
    body = {"telegramUserId": 123456789, "siteId": site.pk, "channelId": channel.pk, "eventType": "Lead"}
    assert api.post("/api/v1/events/conversion", body).status_code == 200


def test_the_first_event_is_taken_as_written(api: Any, site: Any, channel: Any, meta_pixel: Any) -> None:
    path, body = BODIES[0]
    response = api.post(path, body.replace("site_…", site.pk).replace("chn_…", channel.pk))
    assert response.json()["dispatched"] is True, response.content


def test_a_known_person_needs_no_site(api: Any, known_person: None) -> None:
    path, body = BODIES[1]
    assert api.post(path, body).json()["coldLead"] is False


@pytest.mark.parametrize("query", re.findall(r'"\$URL(/api/v1/(?:me|conversions\?[^"]+|sends\?[^"]+))"', GUIDE))
def test_each_look_up_answers(api: Any, query: str) -> None:
    assert api.get(query).status_code == 200


def test_every_error_code_it_names_exists() -> None:
    assert set(re.findall(r"`([A-Z]+_[A-Z_]+)`", GUIDE)) <= {code.value for code in ErrorCode}


def test_the_error_shown_is_the_one_answered(api: Any, known_person: None) -> None:
    shown = json.loads(re.search(r'```json\n(\{"error".*?)\n```', GUIDE, flags=re.DOTALL)[1])  # type: ignore[index]
    body = {"eventType": "Purchase", "value": 49.9}
    assert api.post("/api/v1/leads/123456789/events", body).json() == shown


def _clients_of(language: str) -> set[str]:
    """The names that the guide's programs in a language take from its client."""
    programs = re.findall(rf"```{language}\n(.*?)```", GUIDE, flags=re.DOTALL)
    assert len(programs) >= 2
    return set(re.findall(r"(?:client(?:\.|->)|Webhook::)(\w+)\(", "\n".join(programs)))


@pytest.mark.parametrize(
    ("language", "source", "methods"),
    [
        ("python", "python/src/adtarget_client/client.py", {"channels", "record", "conversion"}),
        ("js", "typescript/src/client.ts", {"channels", "record", "conversion"}),
        ("php", "php/src/Client.php", {"channels", "record", "conversion"}),
    ],
)
def test_its_programs_call_methods_that_exist(language: str, source: str, methods: set[str]) -> None:
    assert methods <= _clients_of(language)
    code = (Path(__file__).parents[2] / "clients" / source).read_text()
    assert [name for name in methods if not re.search(rf"\b{name}\(", code)] == []


def test_its_python_is_python() -> None:
    for program in re.findall(r"```python\n(.*?)```", GUIDE, flags=re.DOTALL):
        compile(program, "api-guide.md", "exec")
