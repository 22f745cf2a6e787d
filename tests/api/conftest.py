from typing import Any

import pytest

SIGNALS = {
    "fbc": "fb.1.1791990000123.IwAR0aBc-_",
    "fbp": "fb.1.1791990000000.1116446470",
    "clientIp": "203.0.113.9",
    "userAgent": "Mozilla/5.0 (iPhone)",
    "eventSourceUrl": "https://acme.example/join",
}
CONVERSION = "/api/v1/events/conversion"


@pytest.fixture
def lead(site, channel) -> dict[str, Any]:
    """A whole body: a cold Lead with every signal Meta wants."""
    return {
        "telegramUserId": 123456789,
        "siteId": site.pk,
        "channelId": channel.pk,
        "eventType": "Lead",
        **SIGNALS,
    }


@pytest.fixture
def purchase(lead) -> dict[str, Any]:
    return {**lead, "eventType": "Purchase", "value": 49.9, "currency": "usd"}


@pytest.fixture
def accept(api):
    """Posts an event and gives back the 200 answer."""

    def post(body, **headers):
        answer = api.post(CONVERSION, body, headers=headers)
        assert answer.status_code == 200, answer.content
        return answer.json()

    return post


@pytest.fixture
def refuse(api):
    """Posts to a path and gives back the error of the refusal, checked to be the envelope."""

    def post(body, status=400, code="INVALID_PAYLOAD", path=CONVERSION, **headers):
        answer = api.post(path, body, headers=headers)
        assert answer.status_code == status, answer.content
        assert answer["Content-Type"] == "application/json"
        error = answer.json()["error"]
        assert error["code"] == code
        assert error["message"]
        return error

    return post
