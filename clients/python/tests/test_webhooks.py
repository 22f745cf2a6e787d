"""Messages are taken only with the right signature, in time."""

import json

import pytest
from adtarget_client import InvalidSignature, verify
from adtarget_client.testing import signed_headers

SECRET = "whsec_MDEyMzQ1Njc4OWFiY2RlZg=="
BODY = json.dumps({"type": "send.sent", "timestamp": "2026-11-24T10:00:00+00:00", "data": {"sendId": "snd_1"}}).encode()


def test_a_signed_message_is_read() -> None:
    assert verify(SECRET, signed_headers(SECRET, BODY), BODY).data["sendId"] == "snd_1"


def test_header_names_have_no_case() -> None:
    headers = {name.title(): value for name, value in signed_headers(SECRET, BODY).items()}
    assert verify(SECRET, headers, BODY).type == "send.sent"


def test_one_of_two_signatures_is_enough() -> None:
    headers = signed_headers(SECRET, BODY)
    headers["webhook-signature"] = f"v1,AAAA {headers['webhook-signature']}"
    assert verify(SECRET, headers, BODY).id == "msg_fake"


@pytest.mark.parametrize(
    ("secret", "body", "at"),
    [
        pytest.param("whsec_b3RoZXI=", BODY, None, id="another secret"),
        pytest.param(SECRET, BODY + b" ", None, id="another body"),
        pytest.param(SECRET, BODY, 1_000_000_000, id="too old"),
    ],
)
def test_a_message_of_somebody_else_is_refused(secret: str, body: bytes, at: float | None) -> None:
    headers = signed_headers(SECRET, BODY, at=at)
    with pytest.raises(InvalidSignature):
        verify(secret, headers, body)


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_each_header_is_needed(name: str) -> None:
    headers = signed_headers(SECRET, BODY)
    del headers[name]
    with pytest.raises(InvalidSignature):
        verify(SECRET, headers, BODY)
