"""The receiver of our own outgoing webhooks."""

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest

from adtarget.sandbox.server import Sandbox
from tests.sandbox.conftest import Client, now

KEY = b"0123456789abcdef01234567"
SECRET = f"whsec_{base64.b64encode(KEY).decode()}"
BODY = json.dumps({"type": "send.sent", "data": {"sendId": "snd_1"}})


def signed(*, key: bytes = KEY, timestamp: int | None = None, body: str = BODY) -> dict[str, Any]:
    stamp = str(timestamp if timestamp is not None else now())
    digest = hmac.new(key, f"msg_1.{stamp}.{body}".encode(), hashlib.sha256).digest()
    signature = base64.b64encode(digest).decode()
    return {"webhook_id": "msg_1", "webhook_timestamp": stamp, "webhook_signature": f"v1,AAAA v1,{signature}"}


def test_a_signed_message_is_kept_with_its_headers(client: Client, sandbox: Sandbox) -> None:
    client.control("PUT", "settings", {"webhook_secrets": {"ours": SECRET}})
    assert client.post("/webhooks/ours", BODY, **signed()).status_code == 200
    [kept] = sandbox.events(platform="webhook")
    assert (kept["pixel"], kept["name"], kept["event_id"], kept["accepted"]) == ("ours", "send.sent", "msg_1", True)
    assert kept["event"]["body"]["data"]["sendId"] == "snd_1"
    assert kept["event"]["headers"]["webhook-id"] == "msg_1"


@pytest.mark.parametrize("wrong", [{"key": b"another"}, {"timestamp": 1000}, {"body": "{}"}, None])
def test_a_wrongly_signed_message_is_refused(client: Client, sandbox: Sandbox, wrong: Any) -> None:
    client.control("PUT", "settings", {"webhook_secrets": {"ours": SECRET}})
    assert client.post("/webhooks/ours", BODY, **({} if wrong is None else signed(**wrong))).status_code == 401
    assert not sandbox.events()[0]["accepted"]


def test_without_a_secret_only_the_shape_is_looked_at(client: Client) -> None:
    assert client.post("/webhooks/theirs", BODY, **signed(key=b"another")).status_code == 200


def test_secrets_are_never_told(client: Client) -> None:
    told = client.control("PUT", "settings", {"webhook_secrets": {"ours": SECRET}})
    assert told["webhook_secrets"] == ["ours"]
