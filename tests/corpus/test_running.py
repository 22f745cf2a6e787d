"""Forty cases of the corpus through the running product: the sandbox gets what the corpus says, and accepts it."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from tests.corpus import Case, files
from tests.corpus.outcome import PATH, PIXELS, placed
from tests.faults.stack import Stack, wait_for

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("stack")]
COUNT = 40
OF_ROWS = {"visit", "site", "options", "codes"}  # what a request alone cannot set up
CREDENTIALS = {"clientId": "id", "clientSecret": "secret", "refreshToken": "good"}


def chosen() -> list[Case]:
    """Cases that need nothing but requests, some of each file."""
    able = [
        [case for case in found if not OF_ROWS & case.keys() and case["expected"].keys() >= set(PIXELS)]
        for found in files().values()
    ]
    turns = [case for number in range(COUNT) for found in able for case in found[number : number + 1]]
    return turns[:COUNT]


class Sender:
    """Sends cases to the running product with a key of an account of their own."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        facts = json.loads(stack.manage("provision", "-", stdin=json.dumps(_account())))
        self.website_id, self.token = facts["sites"][0]["websiteId"], facts["apiKeys"][0]["token"]

    def send(self, case: Case) -> tuple[str, datetime]:
        """The event's id and time."""
        for body in case.get("before", []):
            self._post({"telegramUserId": case["request"]["telegramUserId"], **body})
        answer = self._post(case["request"])
        return answer["conversionId"], _moment(self._get(answer["conversionId"])["eventTime"])

    def is_over(self, conversion_id: str) -> bool:
        return all(send["status"] != "pending" for send in self._get(conversion_id)["sends"])

    def _post(self, body: dict[str, Any]) -> dict[str, Any]:
        document = {"websiteId": self.website_id, "channelId": "-1001234567890", **body}
        answer = requests.post(self._url(PATH), json=document, headers=self._headers, timeout=30)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def _get(self, conversion_id: str) -> dict[str, Any]:
        path = self._url(f"/api/v1/conversions/{conversion_id}")
        return dict(requests.get(path, headers=self._headers, timeout=30).json())

    def _url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.stack.port}{path}"

    @property
    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


def test_the_sandbox_gets_what_the_corpus_says(stack: Stack) -> None:
    sender, found = Sender(stack), chosen()
    assert len(found) == COUNT
    sent = [(case, *sender.send(case)) for case in found]
    wait_for(lambda: all(sender.is_over(event_id) for _, event_id, _ in sent), seconds=60, every=0.5)
    for case, event_id, at in sent:
        came = {event["platform"]: event for event in stack.sandbox.events(event_id=event_id)}
        for platform in PIXELS:
            assert _came(came.get(platform), event_id, at) == _expected(case, platform), (case["name"], platform)


def _came(event: dict[str, Any] | None, event_id: str, at: datetime) -> Any:
    if event is None:
        return None
    assert event["accepted"], event
    return placed(event["event"], event_id, at)


def _expected(case: Case, platform: str) -> Any:
    """The event inside the request; None where there is none."""
    expected = case["expected"][platform]
    if isinstance(expected, str):
        return None
    (body,) = expected.values()
    (event,) = body["events"] if platform == "google" else body["data"]
    return event


def _moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def _account() -> dict[str, Any]:
    pixels = [
        {"platform": slug, "pixelId": given["pixel_id"], "options": given.get("options", {})}
        for slug, given in PIXELS.items()
    ]
    for pixel in pixels:
        if pixel["platform"] == "google":
            pixel["options"] = {**pixel["options"], "credentials": CREDENTIALS}
        else:
            pixel["accessToken"] = "good-token"
    site = {
        "domain": "acme.example",
        "name": "Acme",
        "pixels": pixels,
        "channels": [{"telegramChannelId": "-1001234567890", "title": "VIP", "default": True}],
    }
    return {"account": {"name": "Corpus"}, "sites": [site], "apiKeys": [{"name": "corpus"}]}
