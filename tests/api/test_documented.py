"""The judge of tests/documented.py turns a test red where an answer is not as the document says."""

import json
from typing import Any

import pytest

from tests import documented

HEADERS = {"Content-Type": "application/json", "X-Request-Id": "1"}
CHANNEL = {
    "siteId": "site_1",
    "siteDomain": "acme.example",
    "channelId": "chn_1",
    "telegramChannelId": "-1001",
    "title": "VIP",
    "funnelOrder": 0,
}


def judge(body: Any, *, path: str = "/api/v1/channels", status: int = 200, headers: Any = HEADERS) -> None:
    documented.judge("GET", path, status, headers, json.dumps(body).encode())


def test_an_answer_as_documented_passes() -> None:
    judge({"channels": [CHANNEL]})


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"colour": "red"}, "colour"),
        ({"title": None}, "title"),
        ({"funnelOrder": "first"}, "funnelOrder"),
        ({"eventType": "Sale"}, "eventType"),
    ],
)
def test_a_field_that_is_not_as_documented_is_red(change: dict[str, Any], complaint: str) -> None:
    with pytest.raises(AssertionError, match=complaint):
        judge({"channels": [CHANNEL | change]})


def test_a_missing_field_is_red() -> None:
    with pytest.raises(AssertionError, match="title"):
        judge({"channels": [{name: value for name, value in CHANNEL.items() if name != "title"}]})


def test_an_undocumented_status_is_red() -> None:
    with pytest.raises(AssertionError, match="418"):
        judge({}, status=418)


def test_a_missing_header_is_red() -> None:
    with pytest.raises(AssertionError, match="X-Request-Id"):
        judge({"channels": []}, headers={"Content-Type": "application/json"})


def test_an_address_without_a_description_is_red() -> None:
    with pytest.raises(AssertionError, match="not in the document"):
        judge({}, path="/api/v1/secrets")


def test_an_unknown_error_code_is_red() -> None:
    with pytest.raises(AssertionError, match="code"):
        judge({"error": {"code": "OOPS", "message": "No."}}, status=404)


@pytest.mark.django_db
def test_answers_of_the_test_client_are_judged(api: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documented, "judge", lambda *_: pytest.fail("judged"))
    with pytest.raises(pytest.fail.Exception, match="judged"):
        api.get("/api/v1/channels")
